// What a pipeline's author gets with `import Millrace`: plans and their words, no engine.

@_exported public import MillraceWorkflow
@_exported public import StreamPlan

@_exported public import struct MillraceBase.Failure
