import type { Clock } from '../clock/clock.js'
import { FieldTable } from '../wire/field-table.js'
import type { Log } from './log.js'
import { isCycle, readDeaths } from './message/deaths.js'
import type { Message } from './message/message.js'
import { ClassicQueue } from './queue/classic-queue.js'
import { Queue, type QueueHost, type QueueOptions } from './queue/queue.js'
import { QuorumQueue } from './queue/quorum-queue.js'
import { StreamQueue } from './queue/stream-queue.js'
import { ReplyAddresses, type ReplyConsumer } from './reply-to.js'
import { type Destination, Exchange, type ExchangeOptions } from './routing/exchange.js'
import { definitionOf, Policies, type Policy } from './rules/policies.js'
import type { Profile } from './rules/profile.js'

/** The part of the broker that its vhosts use. */
export interface VhostHost {
  readonly clock: Clock
  readonly profile: Profile
  readonly log: Log
  defer(run: () => void): void
}

/** The exchanges that every vhost has. */
const BUILT_IN = [
  ['', 'direct'],
  ['amq.direct', 'direct'],
  ['amq.fanout', 'fanout'],
  ['amq.headers', 'headers'],
  ['amq.match', 'headers'],
  ['amq.topic', 'topic'],
] as const

/** Result of a publish. */
export interface Routed {
  /** The names of the queues that the message was routed to. */
  readonly queues: readonly string[]
  /** Whether a queue, or a client that waits for a reply, took the message. */
  readonly routed: boolean
  /** Whether all of those queues have stored it. */
  readonly stored: boolean
}

/** A virtual host: its exchanges, queues, bindings and policies. */
export class Vhost {
  readonly name: string
  readonly exchanges = new Map<string, Exchange>()
  readonly queues = new Map<string, Queue>()
  readonly policies = new Policies()
  readonly replies = new ReplyAddresses()
  /** Limits by their names in the management API, such as `max-queues`. A negative one is none. */
  readonly limits = new Map<string, number>()
  /** The type of a queue that is declared without one. RabbitMQ 3.10 has none. */
  defaultQueueType: string | undefined
  readonly #host: VhostHost
  readonly #queueHost: QueueHost

  constructor(name: string, host: VhostHost) {
    this.name = name
    this.#host = host
    for (const [exchange, type] of BUILT_IN) this.#makeBuiltIn(exchange, type)
    this.#queueHost = {
      vhost: name,
      clock: host.clock,
      profile: host.profile,
      defer: host.defer,
      publishDeadLetter: (message) => this.#publishDeadLetter(message),
      deleteQueue: (queue) => this.deleteQueue(queue),
      note: (kind, queue, what) => host.log.add({ kind, vhost: name, queue, what }),
    }
  }

  /** Returns a limit of the vhost that a count has reached; `undefined` if it has not. */
  reached(limit: 'max-queues' | 'max-connections', count: number): number | undefined {
    const most = this.limits.get(limit) ?? -1
    return most >= 0 && count >= most ? most : undefined
  }

  /** Creates a queue. The caller has checked that this is allowed. */
  createQueue(options: Omit<QueueOptions, 'policy'>): Queue {
    const complete = { ...options, policy: this.policies.forQueue(options.name, options.type) }
    const queue = makeQueue(complete, this.#queueHost)
    this.queues.set(queue.name, queue)
    return queue
  }

  /** Deletes a queue with its bindings. Does nothing if the queue is gone. */
  deleteQueue(queue: Queue): void {
    if (!this.queues.delete(queue.name)) return
    this.#removeBindingsTo(queue)
    queue.destroy()
  }

  /** Deletes queues and messages that do not survive a restart. */
  forgetTransient(): void {
    for (const queue of [...this.queues.values()]) {
      if (queue.durable) queue.forgetTransient()
      else this.deleteQueue(queue)
    }
    for (const exchange of [...this.exchanges.values()]) if (!exchange.durable) this.deleteExchange(exchange)
  }

  createExchange(options: ExchangeOptions): Exchange {
    const exchange = new Exchange(options)
    this.exchanges.set(exchange.name, exchange)
    this.#applyTo(exchange)
    return exchange
  }

  /** Deletes an exchange with its bindings, and the auto-delete exchanges that have lost their last one. */
  deleteExchange(exchange: Exchange): void {
    if (!this.exchanges.delete(exchange.name)) return
    this.#removeBindingsTo(exchange)
  }

  /** Removes a binding. An auto-delete exchange is deleted with its last binding. */
  unbind(source: Exchange, destination: Destination, routingKey: string, args: FieldTable): void {
    if (source.unbind(destination, routingKey, args)) this.#deleteUnused(source)
  }

  setPolicy(policy: Policy): void {
    this.policies.set(policy)
    this.#applyPolicies()
  }

  deletePolicy(name: string): boolean {
    const wasThere = this.policies.delete(name)
    this.#applyPolicies()
    return wasThere
  }

  /** Routes a message through its exchange, and stores it in the queues. */
  publish(message: Message): Routed {
    const queues = this.route(message)
    const reply = message.exchange === '' ? this.replies.find(message.routingKey) : undefined
    return {
      queues: Array.from(queues, ({ name }) => name),
      routed: queues.size > 0 || reply !== undefined,
      stored: this.#deliver(queues, reply, message),
    }
  }

  #deliver(queues: ReadonlySet<Queue>, reply: ReplyConsumer | undefined, message: Message): boolean {
    const kept = withoutBcc(message)
    reply?.reply(kept)
    let stored = true
    for (const queue of queues) if (!queue.publish(kept)) stored = false
    return stored
  }

  /** Returns the queues that a message is routed to. */
  route(message: Message): ReadonlySet<Queue> {
    const queues = new Set<Queue>()
    const first = this.exchanges.get(message.exchange)
    // The loop also visits exchanges that are added to the set meanwhile, each of them once.
    const exchanges = new Set<Exchange>(first === undefined ? [] : [first])
    for (const exchange of exchanges) {
      const destinations = exchange.name === '' ? this.#named(message) : exchange.match(message)
      for (const destination of destinations) {
        if (destination instanceof Queue) queues.add(destination)
        else if (destination instanceof Exchange) exchanges.add(destination)
      }
      const alternate = destinations.length === 0 ? this.exchanges.get(exchange.alternate ?? '') : undefined
      if (alternate !== undefined && exchange.alternate !== undefined) exchanges.add(alternate)
    }
    return queues
  }

  /** Routes through the default exchange: the routing key is the name of a queue. */
  #named(message: Message): Destination[] {
    return message.routingKeys.flatMap((name) => this.queues.get(name) ?? [])
  }

  #publishDeadLetter(message: Message): boolean {
    if (!this.exchanges.has(message.exchange)) return false
    const deaths = this.#host.profile.trustsDeaths ? readDeaths(message.headers) : message.deaths
    const isRejected = deaths[0]?.reason === 'rejected'
    const all = [...this.route(message)]
    const queues = new Set(all.filter((queue) => isRejected || !isCycle(queue.name, deaths)))
    for (const { name } of all.filter((queue) => !queues.has(queue)))
      this.#queueHost.note('dropped', name, 'it has been there, and would go round without end')
    const reply = message.exchange === '' ? this.replies.find(message.routingKey) : undefined
    return this.#deliver(queues, reply, message) && all.length > 0
  }

  #makeBuiltIn(name: string, type: string): void {
    const options = { name, type, durable: true, autoDelete: false, internal: false, args: FieldTable.empty }
    this.exchanges.set(name, new Exchange(options))
  }

  #removeBindingsTo(destination: Destination): void {
    for (const source of [...this.exchanges.values()]) if (source.unbindAll(destination)) this.#deleteUnused(source)
  }

  #deleteUnused(exchange: Exchange): void {
    if (exchange.autoDelete && exchange.bindings.length === 0) this.deleteExchange(exchange)
  }

  #applyPolicies(): void {
    for (const queue of [...this.queues.values()]) queue.setPolicy(this.policies.forQueue(queue.name, queue.type))
    for (const exchange of this.exchanges.values()) this.#applyTo(exchange)
  }

  #applyTo(exchange: Exchange): void {
    const alternate = definitionOf(this.policies.forExchange(exchange.name))['alternate-exchange']
    exchange.policyAlternate = typeof alternate === 'string' ? alternate : undefined
  }
}

function makeQueue(options: QueueOptions, host: QueueHost): Queue {
  if (options.type === 'stream') return new StreamQueue(options, host)
  return options.type === 'quorum' ? new QuorumQueue(options, host) : new ClassicQueue(options, host)
}

/** Removes the header BCC, which receivers must not see. */
function withoutBcc(message: Message): Message {
  return message.headers.get('BCC') === undefined ? message : message.withHeaders(message.headers.without('BCC'))
}
