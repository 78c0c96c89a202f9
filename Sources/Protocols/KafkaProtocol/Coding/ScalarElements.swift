// Numbers and strings as array elements, so that an array has one form in the coder.

package import MillraceBase

extension Int8: KafkaFields {
    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.int8(&self, "element")
    }
}

extension Int16: KafkaFields {
    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.int16(&self, "element")
    }
}

extension Int32: KafkaFields {
    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.int32(&self, "element")
    }
}

extension Int64: KafkaFields {
    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.int64(&self, "element")
    }
}

extension KafkaUUID: KafkaFields {
    package init() { self = .zero }

    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.uuid(&self, "element")
    }
}

extension String: KafkaFields {
    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.string(&self, "element")
    }
}
