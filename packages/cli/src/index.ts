export { type AsyncApiOptions, asyncApiOf } from './contracts/asyncapi/document.js'
export type { Doubt } from './contracts/compatibility/doubt.js'
export { doubtsOf } from './contracts/compatibility/includes.js'
export { type Change, isBreaking } from './contracts/diff/change.js'
export { diffContracts } from './contracts/diff/diff.js'
export {
  type ContractsDocument,
  contractsDocument,
  type DescribedApplication,
  type DescribedContract,
  type DescribedMessage,
} from './contracts/document.js'
export type { Depths } from './contracts/picture/graph.js'
export { type PictureFormat, pictureOf } from './contracts/picture/picture.js'
export { type ConversionOptions, UnrepresentableError } from './contracts/schema/convert.js'
export type { JsonSchema, JsonType, SchemaObject } from './contracts/schema/json-schema.js'
