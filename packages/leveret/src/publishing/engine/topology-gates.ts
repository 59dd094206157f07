import { inRootContext } from '../../async/root-context.js'
import { sleep } from '../../async/timing.js'
import { partition } from '../../collections/partition.js'
import { backoffMs } from '../../connection/lanes/backoff.js'
import { BrokerError } from '../../errors/broker-error.js'
import { isDenied } from '../../errors/broker-reply.js'
import type { LeveretError } from '../../errors/leveret-error.js'
import type { Publication } from './publication.js'
import { Quarantine } from './quarantine.js'
import type { Topology } from './request.js'

const FOR_EVER = Number.POSITIVE_INFINITY

/**
 * Holds publications until their topology is declared. Each topology has its own gate, so one that is refused or slow
 * delays no other.
 */
export class TopologyGates {
  readonly #keeper: TopologyDeclarer
  /** Topologies that are declared. The set is weak, because a contract may be made for one send only. */
  #declared = new WeakSet<Topology>()
  readonly #everDeclared = new WeakSet<Topology>()
  readonly #waiting = new Map<Topology, Publication[]>()
  readonly #quarantine = new Quarantine((publications) => this.reenter(publications))
  readonly #troubles = new Map<Topology, LeveretError>()

  constructor(keeper: TopologyDeclarer) {
    this.#keeper = keeper
  }

  isOpen(topology: Topology): boolean {
    return topology.length === 0 || this.#declared.has(topology)
  }

  /** Reason why the last try to declare it failed, while more tries follow. */
  troubleWith(topology: Topology): string | undefined {
    return this.#troubles.get(topology)?.message
  }

  enter(publication: Publication): void {
    const { topology } = publication
    const waiting = this.#waiting.get(topology)
    if (waiting !== undefined) waiting.push(publication)
    else {
      this.#waiting.set(topology, [publication])
      void inRootContext(() => this.#open(topology))
    }
  }

  /** Adds publications that were sent before and are sent again, in front of those that came later. */
  reenter(publications: readonly Publication[]): void {
    for (const [topology, again] of groupByTopology(publications)) {
      if (this.isOpen(topology)) {
        this.#keeper.release(again)
        continue
      }
      const waiting = this.#waiting.get(topology)
      this.#waiting.set(topology, [...again, ...(waiting ?? [])])
      if (waiting === undefined) void inRootContext(() => this.#open(topology))
    }
  }

  /** Sends publications again after a while, because the broker has denied them. */
  postpone(publications: readonly Publication[]): void {
    this.#quarantine.keep(publications)
  }

  /** Forgets what was declared, because it may be gone: one topology, or with the connection all of them. */
  forget(topology?: Topology): void {
    if (topology === undefined) this.#declared = new WeakSet()
    else this.#declared.delete(topology)
  }

  /** Ends the waits of denied publications. They do not come again. */
  close(): void {
    this.#quarantine.close()
  }

  /** Drops publications that have settled meanwhile. */
  compact(): void {
    for (const [topology, waiting] of this.#waiting) {
      this.#waiting.set(
        topology,
        waiting.filter(({ isSettled }) => !isSettled),
      )
    }
  }

  *[Symbol.iterator](): IterableIterator<Publication> {
    for (const waiting of this.#waiting.values()) yield* waiting
    yield* this.#quarantine
  }

  async #open(topology: Topology): Promise<void> {
    for (let attempt = 1; !this.#keeper.signal.aborted; attempt += 1) {
      try {
        await this.#keeper.declare(topology)
        this.#declared.add(topology)
        this.#everDeclared.add(topology)
        this.#keeper.release(this.#leave(topology))
        return
      } catch (error) {
        if (this.#keeper.isFinal(error as LeveretError)) {
          const mayPass = this.#mayPass(topology, error)
          this.#keeper.refuse(
            this.#leave(topology, ({ deadline }) => mayPass && deadline < FOR_EVER),
            error as LeveretError,
          )
          if (!this.#waiting.has(topology)) return
        }
        this.#troubles.set(topology, error as LeveretError)
        await sleep(backoffMs(attempt, Math.random()), this.#keeper.signal).catch(() => undefined)
      }
    }
  }

  /**
   * Whether a refusal may be temporary. The broker may deny what it declared before while its metadata store is down.
   * Publications without a time limit do not wait for that.
   */
  #mayPass(topology: Topology, error: unknown): boolean {
    return this.#everDeclared.has(topology) && error instanceof BrokerError && isDenied(error)
  }

  /** Removes and returns the unsettled publications. @param stays - which of them stay; by default none */
  #leave(topology: Topology, stays: (publication: Publication) => boolean = () => false): Publication[] {
    const waiting = (this.#waiting.get(topology) ?? []).filter(({ isSettled }) => !isSettled)
    const [left, taken] = partition(waiting, stays)
    if (left.length > 0) this.#waiting.set(topology, left)
    else {
      this.#waiting.delete(topology)
      this.#troubles.delete(topology)
    }
    return taken
  }
}

/** Callbacks of the gates to the publish engine. */
export interface TopologyDeclarer {
  declare(topology: Topology): Promise<void>
  /** Called when these may be sent, in their order. */
  release(publications: readonly Publication[]): void
  /** Called when the topology of these was refused. */
  refuse(publications: readonly Publication[], error: LeveretError): void
  /** Whether trying again is useless. */
  isFinal(error: LeveretError): boolean
  readonly signal: AbortSignal
}

function groupByTopology(publications: readonly Publication[]): Map<Topology, Publication[]> {
  const groups = new Map<Topology, Publication[]>()
  for (const publication of publications) {
    const group = groups.get(publication.topology)
    if (group === undefined) groups.set(publication.topology, [publication])
    else group.push(publication)
  }
  return groups
}
