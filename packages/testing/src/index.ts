export { MemoryBroker, type MemoryBrokerOptions } from '@leveret/memory-broker'
export { attachRabbitMQ } from './attach.js'
export { availableDrivers } from './driver.js'
export { BrokerStartError, NoBrokerError } from './errors.js'
export { type EventuallyOptions, eventually, NeverError } from './eventually.js'
export { FaultProxy, type FaultProxyOptions, startFaultProxy } from './fault-proxy/proxy.js'
export { ManagementError } from './management/http.js'
export { Management, type OutgoingMessage } from './management/management.js'
export type {
  Binding,
  ClientChannel,
  ClientConnection,
  ClusterNode,
  Consumer,
  Exchange,
  Overview,
  Permissions,
  Policy,
  Queue,
  StoredMessage,
} from './management/resources.js'
export {
  type AnyContract,
  type AnySchema,
  type ContentProperties,
  type PayloadOf,
  type QueueContract,
  type SchemaAnswer,
  UnfitMessageError,
} from './memory/contracts.js'
export { startMemoryBroker, type TestLetter, TestMemoryBroker } from './memory/test-memory-broker.js'
export type {
  BrokerAddress,
  CtlAddress,
  Driver,
  NodeControls,
  RabbitMQ,
  RabbitMQNode,
  StartOptions,
} from './rabbitmq.js'
export { startRabbitMQ } from './start.js'
export type { BrokerCertificates } from './tls.js'
