import { setTimeout as delay } from 'node:timers/promises'
import type { Version } from '@leveret/memory-broker'
import { type Arguments, FieldTable, type FieldValue, type Properties } from '@leveret/memory-broker/wire'
import { ClosedError, type RawChannel, type RawMessage } from './raw-channel.js'
import { RawConnection, type RawOptions } from './raw-connection.js'

/** A table, as a case writes it. */
export type Table = Readonly<Record<string, unknown>>

/** A broker under test, and a vhost for one case. */
export interface LabOptions {
  readonly url: string
  readonly version: Version
}

/** A message, as cases compare it. */
export interface Seen {
  readonly body: string
  readonly redelivered: boolean
  readonly tag: number
  readonly exchange: string
  readonly key: string
  readonly headers: Readonly<Record<string, FieldValue>>
  readonly properties: Properties
}

/** How long a broker gets for what it does later, in milliseconds. */
const SETTLE_MS = 60
const ARRIVAL_MS = 5_000

/** Provides a case with connections, channels and usual steps. */
export class Lab {
  readonly version: Version
  readonly #url: string
  readonly #opened: RawConnection[] = []
  #main: RawConnection | undefined
  #publisher: RawChannel | undefined

  constructor({ url, version }: LabOptions) {
    this.#url = url
    this.version = version
  }

  async connect(options?: RawOptions): Promise<RawConnection> {
    const connection = await RawConnection.open(this.#url, options)
    this.#opened.push(connection)
    return connection
  }

  /** Opens a channel on the connection of the case. */
  async channel(): Promise<RawChannel> {
    this.#main ??= await this.connect()
    return this.#main.channel()
  }

  /** Returns `ok`, or the reply with which the broker closed the channel or the connection. */
  async outcome(asked: Promise<unknown>): Promise<string> {
    return asked.then(
      () => 'ok',
      (error: unknown) => {
        if (error instanceof ClosedError) return this.plain(error.message)
        throw error
      },
    )
  }

  /** Removes the name of the case's vhost from a text of the broker. */
  plain(text: string): string {
    return text.replaceAll(decodeURIComponent(new URL(this.#url).pathname.slice(1)), '<vhost>')
  }

  async declare(
    channel: RawChannel,
    queue: string,
    args: Table = {},
    options: Partial<Arguments<'queue.declare'>> = {},
  ) {
    const request = { queue, durable: true, ...options, arguments: FieldTable.of(args) }
    const { method } = await channel.call('queue.declare', request)
    return method.args as Arguments<'queue.declare-ok'>
  }

  /** Opens a channel, and declares a queue `q`, and a queue `dead` for its dead letters. */
  async withDead(args: Table): Promise<RawChannel> {
    const channel = await this.channel()
    await this.declare(channel, 'dead')
    await this.declare(channel, 'q', args)
    return channel
  }

  /** Opens a channel, and declares a queue `q` that holds these messages. */
  async filled(args: Table, ...bodies: string[]): Promise<RawChannel> {
    const channel = await this.channel()
    await this.declare(channel, 'q', args)
    await this.send('q', ...bodies)
    return channel
  }

  async exchange(
    channel: RawChannel,
    exchange: string,
    type: string,
    options: Partial<Arguments<'exchange.declare'>> = {},
  ) {
    return channel.call('exchange.declare', { exchange, type, durable: true, ...options })
  }

  /** Opens a channel, and declares an exchange `e` of a type, bound to a queue `q` by these keys. */
  async bound(type: string, keys: readonly string[]): Promise<RawChannel> {
    const channel = await this.channel()
    await this.exchange(channel, 'e', type)
    await this.declare(channel, 'q')
    for (const key of keys) await this.bind(channel, 'q', 'e', key)
    return channel
  }

  async bind(channel: RawChannel, queue: string, exchange: string, routingKey = '', args: Table = {}) {
    return channel.call('queue.bind', { queue, exchange, routingKey, arguments: FieldTable.of(args) })
  }

  /** Publishes, and waits for the confirm. @returns the outcome */
  async publish(
    exchange: string,
    routingKey: string,
    body: string | Buffer = '',
    properties: Properties = {},
  ): Promise<string> {
    this.#publisher ??= await this.#confirmChannel()
    const channel = this.#publisher
    channel.publish({ exchange, routingKey, mandatory: true }, body, { deliveryMode: 2, ...properties })
    const answer = await channel.eventOf(['basic.ack', 'basic.nack'])
    if (channel.takeEvents('basic.return').length > 0) return 'returned'
    return answer.method.name === 'basic.nack' ? 'refused' : 'stored'
  }

  /** Makes later publishes use a new channel, because the old one is closed. */
  renewPublisher(): void {
    this.#publisher = undefined
  }

  /** Sends messages to a queue, one after the other. */
  async send(queue: string, ...bodies: string[]): Promise<void> {
    for (const body of bodies) await this.publish('', queue, body)
  }

  /** Takes one message, which the case settles; `undefined` if there is none. */
  async get(channel: RawChannel, queue: string, noAck = false): Promise<Seen | undefined> {
    const answer = await channel.call('basic.get', { queue, noAck })
    return answer.method.name === 'basic.get-empty' ? undefined : seen(answer)
  }

  /** Waits until `count` messages have come, or for five seconds, and takes all messages of a queue. */
  async drain(queue: string, count: number): Promise<Seen[]> {
    const channel = await this.channel()
    const all: Seen[] = []
    const end = Date.now() + ARRIVAL_MS
    while (all.length < count && Date.now() < end) {
      const message = await this.get(channel, queue, true)
      if (message === undefined) await delay(10)
      else all.push(message)
    }
    for (
      let more = await this.get(channel, queue, true);
      more !== undefined;
      more = await this.get(channel, queue, true)
    )
      all.push(more)
    await channel.close()
    return all
  }

  async bodies(queue: string, count: number): Promise<string[]> {
    return (await this.drain(queue, count)).map(({ body }) => body)
  }

  /** Consumes. @param options.prefetch - 0 for no limit */
  async consume(channel: RawChannel, queue: string, options: ConsumeOptions = {}): Promise<void> {
    const { prefetch, args = {}, ...rest } = options
    if (prefetch !== undefined) await channel.call('basic.qos', { prefetchCount: prefetch })
    await channel.call('basic.consume', { queue, consumerTag: 'c', ...rest, arguments: FieldTable.of(args) })
  }

  /** Resolves with this many deliveries. */
  async deliveries(channel: RawChannel, count: number): Promise<Seen[]> {
    const all: Seen[] = []
    while (all.length < count) all.push(seen(await channel.event('basic.deliver')))
    return all
  }

  /** Returns the further deliveries of a channel once the broker is at rest. */
  async rest(channel: RawChannel): Promise<string[]> {
    await this.settle()
    return channel.takeEvents('basic.deliver').map(({ body }) => body)
  }

  /** Gives the broker time for what it does later. */
  async settle(ms = SETTLE_MS): Promise<void> {
    await delay(ms)
  }

  /** How many messages of a queue are ready. */
  async count(queue: string): Promise<number> {
    const channel = await this.channel()
    const { method } = await channel.call('queue.declare', { queue, passive: true })
    await channel.close()
    return (method.args as Arguments<'queue.declare-ok'>).messageCount
  }

  async end(): Promise<void> {
    await Promise.all(this.#opened.map((connection) => connection.close()))
  }

  async #confirmChannel(): Promise<RawChannel> {
    const channel = await (await this.connect()).channel()
    await channel.call('confirm.select', {})
    return channel
  }
}

export interface ConsumeOptions {
  readonly prefetch?: number
  readonly consumerTag?: string
  readonly noAck?: boolean
  readonly exclusive?: boolean
  readonly args?: Table
}

function seen({ method, body, properties, headers }: RawMessage): Seen {
  const args = method.args as Arguments<'basic.deliver'>
  const { redelivered, deliveryTag: tag, exchange, routingKey: key } = args
  return { body, redelivered, tag, exchange, key, headers, properties }
}
