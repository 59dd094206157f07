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

/** What a vhost needs of the broker around it. */
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

/** Where a message went. */
export interface Routed {
  /** The names of the queues that it is for. */
  readonly queues: readonly string[]
  /** Whether a queue, or a client that waits for a reply, was there to take it. */
  readonly routed: boolean
  /** Whether all of them have it. */
  readonly stored: boolean
}

/** A virtual host: exchanges, queues, and what lies between. */
export class Vhost {
  readonly name: string
  readonly exchanges = new Map<string, Exchange>()
  readonly queues = new Map<string, Queue>()
  readonly policies = new Policies()
  readonly replies = new ReplyAddresses()
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

  /** Makes a queue. The caller has checked that it may. */
  createQueue(options: Omit<QueueOptions, 'policy'>): Queue {
    const complete = { ...options, policy: this.policies.forQueue(options.name, options.type) }
    const queue = makeQueue(complete, this.#queueHost)
    this.queues.set(queue.name, queue)
    return queue
  }

  /** Deletes a queue with its bindings. Does nothing if it is gone. */
  deleteQueue(queue: Queue): void {
    if (!this.queues.delete(queue.name)) return
    this.#removeBindingsTo(queue)
    queue.destroy()
  }

  /** Forgets what does not survive a restart. */
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

  /** Removes a binding; an auto-delete exchange goes with its last one. */
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

  /** Sends a message through its exchange into queues. */
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

  /** The queues that a message is for. */
  route(message: Message): ReadonlySet<Queue> {
    const queues = new Set<Queue>()
    const first = this.exchanges.get(message.exchange)
    // What is added while the set is walked through is walked through as well, and nothing twice.
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

  /** The default exchange: a queue's name is its key. */
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
      this.#queueHost.note('dropped', name, 'it has been there, and would go round for ever')
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

/** Blind copies are for the exchange's eyes only. */
function withoutBcc(message: Message): Message {
  return message.headers.get('BCC') === undefined ? message : message.withHeaders(message.headers.without('BCC'))
}
