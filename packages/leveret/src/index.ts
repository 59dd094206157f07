export type { BrokerNeed, MinorVersion } from './amqp/broker-identity.js'
export type {
  BindingDeclaration,
  Declaration,
  ExchangeDeclaration,
  ExchangeType,
  QueueDeclaration,
} from './amqp/declaration.js'
export type { BrokerAddress, ServerAddress } from './amqp/endpoint.js'
export type { PublishOrigin, PublishTrace } from './amqp/publish-trace.js'
export type { PipelineFailure } from './async/pipeline.js'
export type { ScopedTrace, Trace } from './async/tracing.js'
export type { Closable } from './connection/closable.js'
export { type CloseOnSignalsOptions, closeOnSignals } from './connection/close-on-signals.js'
export type { CloseOptions } from './connection/closing.js'
export { connect } from './connection/connect.js'
export type { ConnectOptions, TlsOptions } from './connection/connect-options.js'
export type { Connection, ConnectTarget } from './connection/connection.js'
export type { ConnectionEvents } from './connection/connection-events.js'
export type {
  ChannelDiagnostics,
  ConnectionDiagnostics,
  Diagnostics,
  MessageDiagnostics,
} from './connection/diagnostics.js'
export type { ConnectionState, Health, LaneHealth, RoleHealth } from './connection/health.js'
export type { Interceptor, SentMessage } from './connection/interceptor.js'
export type { Credentials, CredentialsProvider, IssuedCredentials } from './connection/lanes/credentials.js'
export type { LanePurpose, LaneState } from './connection/lanes/lane-state.js'
export type { BatchHandler, BatchItem } from './consuming/batches/shared-call.js'
export { HandlerTimeout, Reject, Retry, type RetryAfter } from './consuming/delivery/handler-errors.js'
export type { ManualDelivery } from './consuming/delivery/manual-delivery.js'
export type {
  ConsumeOrigin,
  ProcessBatchTrace,
  ProcessTrace,
  SettledDelivery,
  TracedDelivery,
} from './consuming/delivery/process-trace.js'
export type { Settlement, SettlementName } from './consuming/delivery/settlement.js'
export type { DeliveryEvent, RoleEvent, WorkerEvents } from './consuming/delivery/worker-events.js'
export type { BreakerOptions } from './consuming/handling/breaker.js'
export type { DeduplicationStore } from './consuming/handling/deduplication.js'
export { MemoryDeduplicationStore, type MemoryStoreOptions } from './consuming/handling/memory-deduplication-store.js'
export type { OrderKey } from './consuming/handling/slots.js'
export type {
  Acknowledgement,
  BatchOptions,
  DeduplicateOptions,
  HandlingOptions,
  ModeOptions,
  WithBatch,
} from './consuming/handling/worker-options.js'
export type { Handler, HandlerFor, ManualHandler } from './consuming/handling.js'
export type { Receiver } from './consuming/receiver.js'
export { type Application, type ApplicationOptions, application, type Contract } from './contract/application.js'
export type { ErrorOf, InputOf, PayloadOf, RequestOf, ResponseInputOf, ResponseOf } from './contract/derived-types.js'
export type { Binding, BindingChoice } from './contract/exchanges/bindings.js'
export type { GivenCodec, HeadersProblem, PayloadProblem, SchemasProblem } from './contract/exchanges/carried-types.js'
export type {
  BindingKeyProblem,
  ExchangeEvent,
  InputFor,
  RoutedEvent,
  RoutedExchange,
  TemplatesOf,
  UselessKey,
} from './contract/exchanges/event-types.js'
export {
  type AnyExchange,
  type DirectExchange,
  directExchange,
  type Exchange,
  type ExchangeSettings,
  type FanoutExchange,
  fanoutExchange,
  type HeadersExchange,
  headersExchange,
  type PluginExchange,
  type SourceBinding,
  type TopicExchange,
  topicExchange,
} from './contract/exchanges/exchange.js'
export type {
  ExchangeOptions,
  FanoutExchangeOptions,
  HeadersExchangeOptions,
  SourceOptions,
  TopicExchangeOptions,
} from './contract/exchanges/exchange-options.js'
export type { OverlapPolicy, OverlapProblem } from './contract/exchanges/overlap-types.js'
export { exchange, type PluginExchangeOptions } from './contract/exchanges/plugin-exchange.js'
export type { Templates } from './contract/exchanges/templates.js'
export {
  bytes,
  type Codec,
  type CodecName,
  type CodecOption,
  type Encode,
  json,
  type SyncCodec,
  text,
} from './contract/payloads/codec.js'
export type { PayloadContract } from './contract/payloads/coding.js'
export type { ContentProperties } from './contract/payloads/content-types.js'
export type { SchemaIssue, SchemaResult } from './contract/payloads/issues.js'
export type { Schema, SchemaInput, SchemaOutput } from './contract/payloads/schema.js'
export {
  type DeclaredErrors,
  type ErrorCodeOf,
  type ErrorInputOf,
  type ErrorOutputOf,
  type Procedure,
  type ProcedureOptions,
  procedure,
} from './contract/procedures/procedure.js'
export {
  isErrorOf,
  ProcedureError,
  type ProcedureErrorOf,
  type ProcedureErrorOptions,
} from './contract/procedures/procedure-error.js'
export type { DeadLetterOptions, DeadLetterSettings } from './contract/queues/dead-letter-options.js'
export type { Impossible } from './contract/queues/impossible.js'
export type { QueueContract, QueueContractOptions } from './contract/queues/queue-contract.js'
export type { QueueOptions, QueueSettings, QueueType } from './contract/queues/queue-options.js'
export type {
  NativeRetry,
  NativeRetrySettings,
  RetryDelays,
  RetryOptions,
  RetryPolicy,
} from './contract/queues/retry.js'
export {
  type Retention,
  type Stream,
  type StreamOptions,
  type StreamQueueOptions,
  stream,
} from './contract/queues/stream.js'
export type { BindingKeyOf, EventOf, EventWithin, ExchangeOf, Subscribable } from './contract/queues/subscribable.js'
export {
  type Subscription,
  type SubscriptionOptions,
  type SubscriptionQueueOptions,
  subscription,
  type UnknownPolicy,
} from './contract/queues/subscription.js'
export {
  type WorkQueue,
  type WorkQueueOptions,
  workQueue,
} from './contract/queues/work-queue.js'
export type { DeadLetter } from './dead-letters/dead-letter.js'
export type { EventLetter, LetterOf } from './dead-letters/letter-of.js'
export type {
  DiscardOptions,
  LetterFilter,
  LetterOptions,
  LetterProgress,
  MoveOptions,
  PeekOptions,
  ReplayOptions,
} from './dead-letters/letter-options.js'
export type { LetterContract } from './dead-letters/letter-source.js'
export type { DryRun, RefusalReason } from './dead-letters/trial.js'
export { BrokerError } from './errors/broker-error.js'
export type { BrokerReply } from './errors/broker-reply.js'
export { BrokerVersionError, type VersionGap } from './errors/broker-version-error.js'
export { ClosedError } from './errors/closed-error.js'
export { ConnectionError, type ConnectionFailure } from './errors/connection-error.js'
export type { Failure } from './errors/failure.js'
export type { Issue } from './errors/issue.js'
export { type FailureOptions, LeveretError } from './errors/leveret-error.js'
export { OffsetStoreError } from './errors/offset-store-error.js'
export { OptionsError } from './errors/options-error.js'
export { PayloadError } from './errors/payload-error.js'
export { PublishError, type PublishOutcome, type PublishSubject } from './errors/publish-error.js'
export {
  type AbsenceReason,
  type CallOutcome,
  type RemoteFailure,
  RpcError,
  RpcNoResponderError,
  RpcRemoteError,
  RpcTimeoutError,
} from './errors/rpc-errors.js'
export { type Mismatch, TopologyMismatchError } from './errors/topology-mismatch-error.js'
export type { Listener } from './events.js'
export type { BrokerReason, DeadLetterReason, DeathReason } from './headers/dead-letter-reason.js'
export type { Logger, TextLogger } from './log.js'
export type { Delivery } from './message/delivery.js'
export type { CopyKind, Headers } from './message/message.js'
export type { MessageOptions, PropertyOptions, SendingOptions } from './publishing/compose.js'
export {
  type EncodedMessage,
  type EncodedProperties,
  type EncodeOptions,
  encodeMessage,
} from './publishing/encoded-message.js'
export type { Published, Sent } from './publishing/engine/request.js'
export { DeadLetters, type Discarded, type Moved, type Replayed } from './roles/dead-letters.js'
export { type DryRunOptions, dryRun } from './roles/dry-run.js'
export type { HandlerOf } from './roles/handler-of.js'
export { Producer, type SendAllOptions, type SendOptions, type SentAll } from './roles/producer.js'
export { Publisher, type PublishFunction, type PublishOptions } from './roles/publisher.js'
export { type CallOptions, RpcClient, type RpcClientOptions } from './roles/rpc-client.js'
export { RpcServer, type RpcServerOptions } from './roles/rpc-server.js'
export { type BufferAsJson, type SendEncodedOptions, type StoredMessage, sendEncoded } from './roles/send-encoded.js'
export { Subscriber } from './roles/subscriber.js'
export { type BatchWorkerOptions, Worker, type WorkerOptions } from './roles/worker.js'
export type { CallTrace } from './rpc/client/call-trace.js'
export type { RequestHandler } from './rpc/server/request-handler.js'
export type { Lateness } from './rpc/server/request-time.js'
export type { RequestEvent, RpcServerEvents, SharedEventName } from './rpc/server/rpc-server-events.js'
export { MemoryOffsetStore, type OffsetStore } from './streams/offset-store.js'
export type { StreamEvents } from './streams/stream-events.js'
export type { SubscriberEvents } from './subscribing/subscriber-events.js'
export type { DurableOptions, EphemeralOptions, ReaderOptions } from './subscribing/subscriber-options.js'
export type {
  BatchMode,
  BatchSubscriberOptions,
  DeliveryOf,
  EventBatchHandler,
  EventHandler,
  EventHandlerFor,
  EventItem,
  EventOrder,
  ManualEventHandler,
  ManualMode,
  ManualSubscriberOptions,
  OnlyKeys,
  StreamDelivery,
  SubscriberArguments,
  SubscriberOptions,
} from './subscribing/subscriber-types.js'
export { type Described, declarationsOf } from './topology/contract-declarations.js'
export { type DeclareOptions, declare } from './topology/declare-ahead.js'
export { policyOf, type QueuePolicy } from './topology/queue-policy.js'
