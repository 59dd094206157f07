export { BrokerVersionError } from './broker-version-error.js'
export type { Closable } from './connection/closable.js'
export { type CloseOnSignalsOptions, closeOnSignals } from './connection/close-on-signals.js'
export type { CloseOptions } from './connection/closing.js'
export type { ConnectOptions, TlsOptions } from './connection/connect-options.js'
export { type Connection, type ConnectTarget, connect } from './connection/connection.js'
export type { ConnectionEvents } from './connection/connection-events.js'
export type { Credentials, CredentialsProvider, IssuedCredentials } from './connection/credentials.js'
export type {
  BindingDeclaration,
  Declaration,
  ExchangeDeclaration,
  QueueDeclaration,
} from './connection/declaration.js'
export type { Delivery } from './connection/delivery.js'
export type { ChannelDiagnostics, Diagnostics, MessageDiagnostics } from './connection/diagnostics.js'
export type { BrokerAddress, ServerAddress } from './connection/endpoint.js'
export type { ConnectionState, Health, LaneHealth, RoleHealth } from './connection/health.js'
export type { Interceptor, SentMessage } from './connection/interceptor.js'
export type { LanePurpose, LaneState } from './connection/lane-state.js'
export type { CopyKind, Headers } from './connection/message.js'
export type { PublishOrigin, PublishTrace } from './connection/publish-trace.js'
export type { ScopedTrace, Trace } from './connection/tracing.js'
export type { BreakerOptions } from './consuming/breaker.js'
export type { DeadLetter } from './consuming/dead-letter.js'
export type { BrokerReason, DeathReason } from './consuming/death-reason.js'
export type { DeduplicationStore } from './consuming/deduplication.js'
export type { Handler, ManualHandler } from './consuming/handling.js'
export type {
  Acknowledgement,
  BatchOptions,
  DeduplicateOptions,
  HandlingOptions,
  ModeOptions,
} from './consuming/handling-options.js'
export type { LetterOf } from './consuming/letter-of.js'
export type {
  DiscardOptions,
  LetterFilter,
  LetterOptions,
  LetterProgress,
  MoveOptions,
  PeekOptions,
  ReplayOptions,
} from './consuming/letter-options.js'
export type { LetterContract } from './consuming/letter-source.js'
export type { ManualDelivery } from './consuming/manual-delivery.js'
export { MemoryDeduplicationStore, type MemoryStoreOptions } from './consuming/memory-store.js'
export { MemoryOffsetStore, type OffsetStore } from './consuming/offset-store.js'
export type {
  ConsumeOrigin,
  ProcessBatchTrace,
  ProcessTrace,
  SettledDelivery,
  TracedDelivery,
} from './consuming/process-trace.js'
export type { SettlementName } from './consuming/settlement.js'
export type { BatchHandler, BatchItem } from './consuming/shared-call.js'
export type { OrderKey } from './consuming/slots.js'
export { HandlerTimeout, Reject, Retry, type RetryAfter } from './consuming/steering.js'
export type { SubscriberEvents } from './consuming/subscriber-events.js'
export type { DurableOptions, EphemeralOptions, ReaderOptions } from './consuming/subscriber-options.js'
export type {
  BatchSubscriberOptions,
  EventBatchHandler,
  EventHandler,
  EventItem,
  ManualEventHandler,
  ManualSubscriberOptions,
  StreamDelivery,
  SubscriberOptions,
} from './consuming/subscriber-types.js'
export type { DryRun, RefusalReason } from './consuming/trial.js'
export type { DeadLetterReason, Failure } from './consuming/verdict.js'
export type { DeliveryEvent, RoleEvent, WorkerEvents } from './consuming/worker-events.js'
export { type Application, type ApplicationOptions, application, type Contract } from './contract/application.js'
export type { Binding } from './contract/bindings.js'
export {
  bytes,
  type Codec,
  type CodecName,
  type CodecOption,
  type Encode,
  json,
  type SyncCodec,
  text,
} from './contract/codec.js'
export type { ContentProperties } from './contract/content-types.js'
export type { DeadLetterOptions, DeadLetterSettings } from './contract/dead-letter-options.js'
export type { ErrorOf, InputOf, PayloadOf, RequestOf, ResponseInputOf, ResponseOf } from './contract/derived-types.js'
export type { RoutedEvent, RoutedExchange } from './contract/event-types.js'
export {
  type DirectExchange,
  directExchange,
  type Exchange,
  type FanoutExchange,
  fanoutExchange,
  type HeadersExchange,
  headersExchange,
  type PluginExchange,
  type TopicExchange,
  topicExchange,
} from './contract/exchange.js'
export type {
  ExchangeOptions,
  FanoutExchangeOptions,
  HeadersExchangeOptions,
  SourceOptions,
  TopicExchangeOptions,
} from './contract/exchange-options.js'
export type { Impossible } from './contract/impossible.js'
export type { OverlapPolicy } from './contract/overlap-types.js'
export { exchange, type PluginExchangeOptions } from './contract/plugin-exchange.js'
export {
  type DeclaredErrors,
  type ErrorCodeOf,
  type ErrorInputOf,
  type ErrorOutputOf,
  type Procedure,
  type ProcedureOptions,
  procedure,
} from './contract/procedure.js'
export {
  isErrorOf,
  ProcedureError,
  type ProcedureErrorOf,
  type ProcedureErrorOptions,
} from './contract/procedure-error.js'
export type { QueueContract, QueueContractOptions } from './contract/queue-contract.js'
export type { QueueOptions, QueueSettings, QueueType } from './contract/queue-options.js'
export type { NativeRetry, NativeRetrySettings, RetryDelays, RetryOptions, RetryPolicy } from './contract/retry.js'
export type { Schema, SchemaInput, SchemaOutput } from './contract/schema.js'
export { type Retention, type Stream, type StreamOptions, type StreamQueueOptions, stream } from './contract/stream.js'
export type { EventOf, ExchangeOf, Subscribable } from './contract/subscribable.js'
export {
  type Subscription,
  type SubscriptionOptions,
  type SubscriptionQueueOptions,
  subscription,
  type UnknownPolicy,
} from './contract/subscription.js'
export {
  type WorkQueue,
  type WorkQueueOptions,
  workQueue,
} from './contract/work-queue.js'
export {
  BrokerError,
  ClosedError,
  ConnectionError,
  type ConnectionFailure,
  type FailureOptions,
  type Issue,
  LeveretError,
  OptionsError,
  PayloadError,
  PublishError,
  type PublishOutcome,
} from './errors.js'
export type { Logger } from './log.js'
export { OffsetStoreError } from './offset-store-error.js'
export type { MessageOptions, PropertyOptions, SendingOptions } from './publishing/compose.js'
export {
  type EncodedMessage,
  type EncodedProperties,
  type EncodeOptions,
  encodeMessage,
} from './publishing/encoded-message.js'
export type { PipelineFailure } from './publishing/pipeline.js'
export type { Published, Sent } from './publishing/request.js'
export { DeadLetters, type Discarded, type Moved, type Replayed } from './roles/dead-letters.js'
export { type DryRunOptions, dryRun } from './roles/dry-run.js'
export type { HandlerOf } from './roles/handler-of.js'
export { Producer, type SendAllOptions, type SendOptions, type SentAll } from './roles/producer.js'
export { Publisher, type PublishFunction, type PublishOptions } from './roles/publisher.js'
export { type CallOptions, RpcClient, type RpcClientOptions } from './roles/rpc-client.js'
export { RpcServer, type RpcServerOptions } from './roles/rpc-server.js'
export { type SendEncodedOptions, type StoredMessage, sendEncoded } from './roles/send-encoded.js'
export { Subscriber } from './roles/subscriber.js'
export { type BatchWorkerOptions, Worker, type WorkerOptions } from './roles/worker.js'
export type { CallTrace } from './rpc/client/call-trace.js'
export type { RequestEvent, RpcServerEvents } from './rpc/server/request-events.js'
export type { RequestHandler } from './rpc/server/request-handler.js'
export {
  type AbsenceReason,
  type CallOutcome,
  type RemoteFailure,
  RpcError,
  RpcNoResponderError,
  RpcRemoteError,
  RpcTimeoutError,
} from './rpc-errors.js'
export { policyOf, type QueuePolicy } from './topology/advice.js'
export { type Described, declarationsOf } from './topology/contract-declarations.js'
export { type DeclareOptions, declare } from './topology/declare-ahead.js'
export { type Mismatch, TopologyMismatchError } from './topology-mismatch-error.js'
