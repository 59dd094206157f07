import type { FieldTable } from './field-table.js'

/** Types of arguments on the wire, each with its type in JavaScript. */
export interface ArgumentKinds {
  readonly octet: number
  readonly short: number
  readonly long: number
  readonly longlong: number
  readonly bit: boolean
  readonly text: string
  readonly bytes: Buffer
  readonly table: FieldTable
}

const CLOSE = { replyCode: 'short', replyText: 'text', classId: 'short', methodId: 'short' } as const
const TAG = { consumerTag: 'text' } as const
const BINDING = { routingKey: 'text', noWait: 'bit', arguments: 'table' } as const
const EXCHANGE_BINDING = { ticket: 'short', destination: 'text', source: 'text', ...BINDING } as const
const SETTLED = { deliveryTag: 'longlong', multiple: 'bit' } as const
const ROUTED = { exchange: 'text', routingKey: 'text' } as const

/**
 * Every method of AMQP 0-9-1 and of RabbitMQ's extensions: its class, its number, and its arguments in their order.
 *
 * @see https://www.rabbitmq.com/amqp-0-9-1-reference
 */
export const METHODS = {
  'connection.start': {
    id: [10, 10],
    args: {
      versionMajor: 'octet',
      versionMinor: 'octet',
      serverProperties: 'table',
      mechanisms: 'bytes',
      locales: 'bytes',
    },
  },
  'connection.start-ok': {
    id: [10, 11],
    args: { clientProperties: 'table', mechanism: 'text', response: 'bytes', locale: 'text' },
  },
  'connection.secure': { id: [10, 20], args: { challenge: 'bytes' } },
  'connection.secure-ok': { id: [10, 21], args: { response: 'bytes' } },
  'connection.tune': { id: [10, 30], args: { channelMax: 'short', frameMax: 'long', heartbeat: 'short' } },
  'connection.tune-ok': { id: [10, 31], args: { channelMax: 'short', frameMax: 'long', heartbeat: 'short' } },
  'connection.open': { id: [10, 40], args: { virtualHost: 'text', capabilities: 'text', insist: 'bit' } },
  'connection.open-ok': { id: [10, 41], args: { knownHosts: 'text' } },
  'connection.close': { id: [10, 50], args: CLOSE },
  'connection.close-ok': { id: [10, 51], args: {} },
  'connection.blocked': { id: [10, 60], args: { reason: 'text' } },
  'connection.unblocked': { id: [10, 61], args: {} },
  'connection.update-secret': { id: [10, 70], args: { newSecret: 'bytes', reason: 'text' } },
  'connection.update-secret-ok': { id: [10, 71], args: {} },
  'channel.open': { id: [20, 10], args: { outOfBand: 'text' } },
  'channel.open-ok': { id: [20, 11], args: { channelId: 'bytes' } },
  'channel.flow': { id: [20, 20], args: { active: 'bit' } },
  'channel.flow-ok': { id: [20, 21], args: { active: 'bit' } },
  'channel.close': { id: [20, 40], args: CLOSE },
  'channel.close-ok': { id: [20, 41], args: {} },
  'access.request': {
    id: [30, 10],
    args: { realm: 'text', exclusive: 'bit', passive: 'bit', active: 'bit', write: 'bit', read: 'bit' },
  },
  'access.request-ok': { id: [30, 11], args: { ticket: 'short' } },
  'exchange.declare': {
    id: [40, 10],
    args: {
      ticket: 'short',
      exchange: 'text',
      type: 'text',
      passive: 'bit',
      durable: 'bit',
      autoDelete: 'bit',
      internal: 'bit',
      noWait: 'bit',
      arguments: 'table',
    },
  },
  'exchange.declare-ok': { id: [40, 11], args: {} },
  'exchange.delete': { id: [40, 20], args: { ticket: 'short', exchange: 'text', ifUnused: 'bit', noWait: 'bit' } },
  'exchange.delete-ok': { id: [40, 21], args: {} },
  'exchange.bind': { id: [40, 30], args: EXCHANGE_BINDING },
  'exchange.bind-ok': { id: [40, 31], args: {} },
  'exchange.unbind': { id: [40, 40], args: EXCHANGE_BINDING },
  'exchange.unbind-ok': { id: [40, 51], args: {} },
  'queue.declare': {
    id: [50, 10],
    args: {
      ticket: 'short',
      queue: 'text',
      passive: 'bit',
      durable: 'bit',
      exclusive: 'bit',
      autoDelete: 'bit',
      noWait: 'bit',
      arguments: 'table',
    },
  },
  'queue.declare-ok': { id: [50, 11], args: { queue: 'text', messageCount: 'long', consumerCount: 'long' } },
  'queue.bind': { id: [50, 20], args: { ticket: 'short', queue: 'text', exchange: 'text', ...BINDING } },
  'queue.bind-ok': { id: [50, 21], args: {} },
  'queue.purge': { id: [50, 30], args: { ticket: 'short', queue: 'text', noWait: 'bit' } },
  'queue.purge-ok': { id: [50, 31], args: { messageCount: 'long' } },
  'queue.delete': {
    id: [50, 40],
    args: { ticket: 'short', queue: 'text', ifUnused: 'bit', ifEmpty: 'bit', noWait: 'bit' },
  },
  'queue.delete-ok': { id: [50, 41], args: { messageCount: 'long' } },
  'queue.unbind': {
    id: [50, 50],
    args: { ticket: 'short', queue: 'text', exchange: 'text', routingKey: 'text', arguments: 'table' },
  },
  'queue.unbind-ok': { id: [50, 51], args: {} },
  'basic.qos': { id: [60, 10], args: { prefetchSize: 'long', prefetchCount: 'short', global: 'bit' } },
  'basic.qos-ok': { id: [60, 11], args: {} },
  'basic.consume': {
    id: [60, 20],
    args: {
      ticket: 'short',
      queue: 'text',
      consumerTag: 'text',
      noLocal: 'bit',
      noAck: 'bit',
      exclusive: 'bit',
      noWait: 'bit',
      arguments: 'table',
    },
  },
  'basic.consume-ok': { id: [60, 21], args: TAG },
  'basic.cancel': { id: [60, 30], args: { ...TAG, noWait: 'bit' } },
  'basic.cancel-ok': { id: [60, 31], args: TAG },
  'basic.publish': { id: [60, 40], args: { ticket: 'short', ...ROUTED, mandatory: 'bit', immediate: 'bit' } },
  'basic.return': { id: [60, 50], args: { replyCode: 'short', replyText: 'text', ...ROUTED } },
  'basic.deliver': { id: [60, 60], args: { ...TAG, deliveryTag: 'longlong', redelivered: 'bit', ...ROUTED } },
  'basic.get': { id: [60, 70], args: { ticket: 'short', queue: 'text', noAck: 'bit' } },
  'basic.get-ok': {
    id: [60, 71],
    args: { deliveryTag: 'longlong', redelivered: 'bit', ...ROUTED, messageCount: 'long' },
  },
  'basic.get-empty': { id: [60, 72], args: { clusterId: 'text' } },
  'basic.ack': { id: [60, 80], args: SETTLED },
  'basic.reject': { id: [60, 90], args: { deliveryTag: 'longlong', requeue: 'bit' } },
  'basic.recover-async': { id: [60, 100], args: { requeue: 'bit' } },
  'basic.recover': { id: [60, 110], args: { requeue: 'bit' } },
  'basic.recover-ok': { id: [60, 111], args: {} },
  'basic.nack': { id: [60, 120], args: { ...SETTLED, requeue: 'bit' } },
  'confirm.select': { id: [85, 10], args: { noWait: 'bit' } },
  'confirm.select-ok': { id: [85, 11], args: {} },
  'tx.select': { id: [90, 10], args: {} },
  'tx.select-ok': { id: [90, 11], args: {} },
  'tx.commit': { id: [90, 20], args: {} },
  'tx.commit-ok': { id: [90, 21], args: {} },
  'tx.rollback': { id: [90, 30], args: {} },
  'tx.rollback-ok': { id: [90, 31], args: {} },
} as const satisfies Readonly<Record<string, MethodDefinition>>

interface MethodDefinition {
  readonly id: readonly [classId: number, methodId: number]
  readonly args: Readonly<Record<string, keyof ArgumentKinds>>
}

type Methods = typeof METHODS

/** The name of a method, such as `basic.publish`. */
export type MethodName = keyof Methods

/** A type with writable properties. */
export type Writable<Type> = { -readonly [Key in keyof Type]: Type[Key] }

/** The arguments of a method. */
export type Arguments<Name extends MethodName> = Writable<{
  readonly [Argument in keyof Methods[Name]['args']]: Methods[Name]['args'][Argument] extends keyof ArgumentKinds
    ? ArgumentKinds[Methods[Name]['args'][Argument]]
    : never
}>

/** A method with its arguments. */
export type Method = {
  readonly [Name in MethodName]: { readonly name: Name; readonly args: Arguments<Name> }
}[MethodName]
