// What a pipeline's author gets with `import Millrace`: plans and their words, and the clients of Kafka and
// its registry; no engine.

@_exported public import KafkaClient
@_exported public import MillraceSchemas
@_exported public import MillraceWorkflow
@_exported public import RegistryClient
@_exported public import StreamPlan

@_exported public import struct MillraceBase.Endpoint
@_exported public import struct MillraceBase.Failure
