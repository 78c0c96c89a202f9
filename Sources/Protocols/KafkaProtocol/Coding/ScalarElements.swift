// Numbers and strings as array elements, so that an array has one form in the coder.

package import MillraceBase

extension Int32: KafkaFields {
    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.int32(&self, "element")
    }
}

extension String: KafkaFields {
    package mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.string(&self, "element")
    }
}
