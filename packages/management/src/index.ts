export { ManagementError, ManagementHttp, type ManagementOptions, type ManagementRequest } from './http.js'
export { Management, type OutgoingMessage } from './management.js'
export type { Page, PageOptions } from './pages.js'
export { ManagementReader } from './reader.js'
export type {
  Binding,
  ClientChannel,
  ClientConnection,
  ClusterNode,
  Consumer,
  DefinedBinding,
  DefinedExchange,
  DefinedQueue,
  Definitions,
  DeprecatedFeature,
  Exchange,
  FeatureFlag,
  MessageStatistics,
  Overview,
  Permissions,
  Policy,
  Queue,
  StoredMessage,
  StoredPolicy,
  UserPermissions,
  Whoami,
} from './resources.js'
