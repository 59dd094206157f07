export type { FieldValue } from './field.js'
export { FieldTable } from './field-table.js'
export { encodeFrame, FRAME, type Frame, FrameReader, PROTOCOL_HEADER } from './frames.js'
export { decodeMethod, encodeMethod } from './method-codec.js'
export { type ArgumentKinds, type Arguments, METHODS, type Method, type MethodName, type Writable } from './methods.js'
export {
  type ContentHeader,
  decodeContentHeader,
  encodeContentHeader,
  encodeProperties,
  type Properties,
} from './properties.js'
