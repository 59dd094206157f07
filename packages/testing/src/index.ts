export {
  type Binding,
  type ClientChannel,
  type ClientConnection,
  type ClusterNode,
  type Consumer,
  type Exchange,
  Management,
  ManagementError,
  type OutgoingMessage,
  type Overview,
  type Permissions,
  type Policy,
  type Queue,
  type StoredMessage,
} from '@leveret/management'
export { MemoryBroker, type MemoryBrokerOptions } from '@leveret/memory-broker'
export { attachRabbitMQ } from './attach.js'
export { availableDrivers } from './driver.js'
export { BrokerStartError, NoBrokerError } from './errors.js'
export { type EventuallyOptions, eventually, NeverError } from './eventually.js'
export { FaultProxy, type FaultProxyOptions, startFaultProxy } from './fault-proxy/proxy.js'
export type {
  AnySchema,
  ContentCodec,
  ContentProperties,
  EventQueueContract,
  ExchangeContract,
  HeadersContract,
  LetterContract,
  NamedExchange,
  OutputOf,
  PlainContract,
  ProcedureContract,
  QueueContract,
  RoutedContract,
  SchemaAnswer,
  SentBy,
  SentContract,
  SentEvent,
} from './memory/contracts.js'
export type { EventLetter, TestLetter, TestLetterOf } from './memory/letters.js'
export { UnfitMessageError } from './memory/reading.js'
export { startMemoryBroker, TestMemoryBroker } from './memory/test-memory-broker.js'
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
