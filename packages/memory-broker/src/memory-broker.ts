import type { Resource } from './broker/alarms.js'
import { Broker } from './broker/broker.js'
import type { LogEntry } from './broker/log.js'
import { Message, type MessageContent } from './broker/message/message.js'
import { profileOf } from './broker/rules/profile.js'
import { type ReplyCode, ReplyError } from './broker/rules/reply-error.js'
import type { Vhost } from './broker/vhost.js'
import { RealClock } from './clock/real-clock.js'
import { VirtualClock } from './clock/virtual-clock.js'
import { type Duration, millisecondsOf } from './duration.js'
import { Faults, type Interference } from './faults/faults.js'
import { leftIn, unsettledIn } from './left-over.js'
import { LOOPBACK } from './listener.js'
import { ManagementServer } from './management/server.js'
import type { MemoryBrokerOptions } from './memory-broker-options.js'
import { untilQuiet } from './quiet.js'
import { Sessions } from './sessions.js'
import { toByteText } from './wire/byte-text.js'
import type { MethodName } from './wire/methods.js'

/** The longest time that {@link MemoryBroker.settled} and each step of {@link MemoryBroker.advance} wait. */
const SETTLED_CAP_MS = 2_000
const CHANNEL_MAX = 2047
const FRAME_MAX = 131_072
const HEARTBEAT_SECONDS = 60
const MEMORY_LIMIT_BYTES = 512 * 1024 * 1024
const LOG_LIMIT = 10_000

/**
 * Starts a broker in this process that behaves like RabbitMQ. It is for tests: it listens on the loopback interface
 * only, and keeps nothing after its end.
 *
 * @throws Error if the port is taken
 */
export async function startMemoryBroker(options: MemoryBrokerOptions = {}): Promise<MemoryBroker> {
  const broker = new MemoryBroker(options)
  await broker.start()
  return broker
}

/** A broker in this process. See {@link startMemoryBroker}. */
export class MemoryBroker implements AsyncDisposable {
  readonly #clock: RealClock | VirtualClock
  readonly #broker: Broker
  readonly #faults = new Faults()
  readonly #sessions: Sessions
  readonly #management: ManagementServer

  /** @internal use {@link startMemoryBroker} */
  constructor(options: MemoryBrokerOptions) {
    const profile = profileOf(options.like ?? '4.3')
    this.#clock = options.clock === 'virtual' ? new VirtualClock() : new RealClock()
    this.#broker = new Broker({
      clock: this.#clock,
      profile: { ...profile, transientQueues: options.transientQueues ?? profile.transientQueues },
      logLimit: options.logLimit ?? LOG_LIMIT,
      memoryLimitBytes: options.memoryLimitBytes ?? MEMORY_LIMIT_BYTES,
    })
    this.#sessions = new Sessions({
      broker: this.#broker,
      faults: this.#faults,
      port: options.port ?? 0,
      limits: {
        channelMax: options.channelMax ?? CHANNEL_MAX,
        frameMax: options.frameMax ?? FRAME_MAX,
        heartbeatSeconds: options.heartbeatSeconds ?? HEARTBEAT_SECONDS,
      },
    })
    this.#management = new ManagementServer(this.#broker, this.#sessions, options.managementPort ?? 0)
  }

  /** The version that this broker imitates and reports, such as `4.3.6`. */
  get version(): string {
    return this.#broker.profile.version
  }

  /** URL for AMQP connections, as guest, in the vhost `/`. */
  get url(): string {
    return `amqp://guest:guest@${LOOPBACK}:${this.#sessions.port}`
  }

  /** URL of the management API, which has the part of RabbitMQ's that tests use. */
  get managementUrl(): string {
    return `http://guest:guest@${LOOPBACK}:${this.#management.port}`
  }

  /** The newest entries of the broker's log. `toString()` makes them readable. */
  get log(): { readonly entries: readonly LogEntry[]; clear(): void; toString(): string } {
    return this.#broker.log
  }

  /** Creates a vhost in which guest may do everything. @returns its URL */
  vhost(name: string): string {
    this.#broker.createVhost(toByteText(name))
    return `${this.url}/${encodeURIComponent(name)}`
  }

  /** Returns the waiting messages of a queue, in their order. They stay in the queue. */
  messages(queue: string, vhost = '/'): readonly Message[] {
    return this.#vhost(vhost).queues.get(toByteText(queue))?.waiting() ?? []
  }

  /** Returns the newest 10,000 published messages, the oldest first, without those that a queue refused. */
  published(vhost = '/'): readonly Message[] {
    return this.#broker.published.in(toByteText(vhost))
  }

  /** Returns the published messages that reached a queue, even if they have left it. Dead letters are left out. */
  publishedTo(queue: string, vhost = '/'): readonly Message[] {
    return this.#broker.published.to(toByteText(queue), toByteText(vhost))
  }

  /** Lists what a test has left, one sentence each: unsettled deliveries, consumers and connections. */
  left(vhost = '/'): readonly string[] {
    return leftIn(this.#vhost(vhost), this.#sessions)
  }

  /** Publishes a message as a client would. @returns whether a queue takes it */
  publish({ exchange, routingKey, properties, body }: MessageContent, vhost = '/'): boolean {
    return this.#vhost(vhost).publish(new Message({ exchange, routingKey, properties, body })).routed
  }

  /** How many deliveries are unsettled. */
  get unsettled(): number {
    return [...this.#broker.vhosts.values()].reduce((sum, vhost) => sum + unsettledIn(vhost), 0)
  }

  /**
   * Waits until all deliveries are settled and all sockets are quiet.
   *
   * A client in another process may still be working. After two seconds of real time it resolves in any case.
   *
   * @returns whether everything has come to rest
   */
  settled(): Promise<boolean> {
    return untilQuiet(this.#restless(), SETTLED_CAP_MS)
  }

  /**
   * Lets time pass: every expiry, delay and timeout in between happens in order, with its consequences.
   *
   * @throws Error if the clock is real
   */
  async advance(duration: Duration): Promise<void> {
    const clock = this.#clock
    if (!(clock instanceof VirtualClock))
      throw new Error("A real clock cannot be advanced; start with clock: 'virtual'.")
    await clock.advance(millisecondsOf(duration), async () => void (await this.settled()))
  }

  /** Raises an alarm: publishing connections are blocked until {@link unblockPublishers}. */
  blockPublishers(resource: Resource = 'memory'): void {
    this.#broker.alarms.raise(resource)
  }

  unblockPublishers(resource: Resource = 'memory'): void {
    this.#broker.alarms.clear(resource)
  }

  /** Resets every socket, without a `connection.close`. */
  dropConnections(): void {
    for (const connection of this.#sessions.all()) connection.drop()
  }

  /** Closes every connection with a reply code. */
  closeConnections(code: ReplyCode = 320, text = 'closed by a test'): void {
    for (const connection of this.#sessions.all()) connection.close(code, text)
  }

  /** Closes every channel with a reply code. */
  closeChannels(code: ReplyCode, text: string): void {
    for (const { channels } of this.#sessions.all())
      for (const { state } of channels.all()) channels.close(state.number, new ReplyError(code, text, 'channel'))
  }

  /** Refuses every login with a reply code; `undefined` accepts logins again. */
  refuse(code: ReplyCode | undefined): void {
    this.#faults.refuse(code)
  }

  /** Decides whether a command of a client, such as `basic.ack`, is lost before it is carried out. */
  before(method: MethodName, interference: Interference | (() => Interference)): void {
    this.#faults.before(method, interference)
  }

  /** Freezes the broker: connections stay open, and nothing is read or written. */
  pause(): void {
    this.#sessions.pause()
  }

  resume(): void {
    this.#sessions.resume()
  }

  /** Listens again after {@link stop}, on the same ports. */
  async start(): Promise<void> {
    await this.#sessions.open()
    await this.#management.open()
  }

  /** Closes every connection with 320, like a shutdown. Durable queues stay, with their persistent messages. */
  async stop(): Promise<void> {
    this.closeConnections(320, "broker forced connection closure with reason 'shutdown'")
    await this.#end()
  }

  /** Resets every socket, like a crash. Durable queues stay, with their persistent messages. */
  async kill(): Promise<void> {
    this.dropConnections()
    await this.#end()
  }

  /** Ends the broker and deletes everything. Safe to call twice. */
  async close(): Promise<void> {
    this.#clock.stop()
    this.dropConnections()
    await this.#end()
    for (const name of [...this.#broker.vhosts.keys()]) this.#broker.deleteVhost(name)
    this.#clock.stop()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #end(): Promise<void> {
    await this.#sessions.close()
    await this.#management.close()
    for (const vhost of this.#broker.vhosts.values()) vhost.forgetTransient()
  }

  #vhost(name: string): Vhost {
    const vhost = this.#broker.vhosts.get(toByteText(name))
    if (vhost === undefined) throw new Error(`There is no vhost '${name}'.`)
    return vhost
  }

  #restless(): { readonly isBusy: boolean; readonly activity: number } {
    const sessions = this.#sessions
    const isBusy = (): boolean => this.unsettled > 0 || sessions.isBusy || this.#broker.isBusy
    return {
      get isBusy() {
        return isBusy()
      },
      get activity() {
        return sessions.activity
      },
    }
  }
}
