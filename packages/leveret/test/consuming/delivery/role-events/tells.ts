import type { Permissions, RabbitMQ } from '@leveret/testing'
import { expect } from 'vitest'
import type {
  Connection,
  ConnectOptions,
  ConnectTarget,
  RoleEvent,
  RpcServerEvents,
  SubscriberEvents,
  WorkerEvents,
} from '../../../../src/index.js'
import { eventually, test } from '../../../support/support.js'

/** The events of every role. */
export type AllEvents = SubscriberEvents & RpcServerEvents
/** Its name. */
export type Name = keyof AllEvents
/** What an event is about. */
export type Kind = 'role' | 'delivery' | 'request'

/** What each event of a worker is about. The compiler refuses a list that lacks one. */
export const OF_WORKERS: Record<keyof WorkerEvents, Kind> = {
  'delivery.acked': 'delivery',
  'delivery.retried': 'delivery',
  'delivery.dead-lettered': 'delivery',
  'delivery.dropped': 'delivery',
  'delivery.stale': 'delivery',
  'delivery.stuck': 'delivery',
  'delivery.ignored': 'delivery',
  'delivery.skipped': 'delivery',
  'delivery.postponed': 'delivery',
  'delivery.requeued': 'delivery',
  'delivery.given-back': 'delivery',
  'delivery.copy-refused': 'delivery',
  'delivery.settled-twice': 'delivery',
  'delivery.isolated': 'delivery',
  'delivery.not-remembered': 'delivery',
  'handler.late': 'delivery',
  'consumer.full': 'role',
  'close.incomplete': 'role',
  paused: 'role',
  probing: 'role',
  resumed: 'role',
  'consumer.cancelled': 'role',
  'channel.lost': 'role',
  'channel.recovered': 'role',
  'consume-failed': 'role',
}

/** What those are about that only a subscriber or a server has. */
export const OF_OTHERS: Record<Exclude<Name, keyof WorkerEvents>, Kind> = {
  gap: 'role',
  'binding.unexpected': 'role',
  'stream.truncated': 'role',
  'stream.restarted': 'role',
  'offset.not-saved': 'role',
  'request.answered': 'request',
  'request.failed': 'request',
  'request.expired': 'request',
  'request.unanswerable': 'request',
  'reply.failed': 'request',
  'replies.lost': 'role',
}

const KINDS: Record<Name, Kind> = { ...OF_WORKERS, ...OF_OTHERS }

const SHAPES: Record<Kind, (about: object) => object> = {
  role: (about) => about,
  delivery: (about) => ({ ...about, attempt: expect.any(Number), durationMs: expect.any(Number) }),
  request: (about) => ({ ...about, attempt: 1, durationMs: expect.any(Number) }),
}

interface Source {
  on(name: never, listener: (event: never) => void): unknown
}

/** The reported events of a role, by name. */
export class Watch {
  readonly told: [Name, RoleEvent][] = []

  readonly #names: readonly Name[]

  constructor(names: readonly Name[]) {
    this.#names = names
  }

  on<Role extends Source>(role: Role): Role {
    const { on } = role as unknown as { on(name: Name, listener: (event: RoleEvent) => void): unknown }
    for (const name of this.#names) on.call(role, name, (event) => void this.told.push([name, event]))
    return role
  }

  /** Resolves when each was emitted. */
  async all(): Promise<void> {
    await eventually(() => expect(new Set(this.told.map(([name]) => name))).toEqual(new Set(this.#names)), {
      timeoutMs: 20_000,
    })
  }
}

/** Where a role lives. `cut` is a connection through the proxy. */
export interface Place {
  readonly rabbit: Connection
  readonly cut: Connection
  readonly broker: Pick<RabbitMQ, 'management'>
  readonly vhost: { readonly name: string; readonly url: string }
  readonly createUser: (name: string, password: string, rights: Permissions) => Promise<string>
  readonly proxy: { reset(): void; urlFor(url: string): string }
  readonly connectTo: (options?: ConnectOptions, target?: ConnectTarget) => Promise<Connection>
}

/** What the tests of this file have a role tell. */
export const provoked = new Set<Name>()

/** Makes a test that has a role tell of each of these, with its role and its queue. */
export function tells(
  role: RoleEvent['role'],
  queue: unknown,
  names: readonly Name[],
  act: (watch: Watch, place: Place) => Promise<void>,
): void {
  for (const name of names) provoked.add(name)
  const title = `a ${role} tells with ${names.join(', ')} which queue and role it is, and of a delivery which attempt and how long`
  test(title, { timeout: 60_000 }, async ({ rabbit, broker, vhost, proxy, connectTo, createUser }) => {
    const watch = new Watch(names)
    const cut = await connectTo({}, proxy.urlFor(vhost.url))
    await act(watch, { rabbit, cut, broker, vhost, proxy, connectTo, createUser })
    await watch.all()
    for (const [name, event] of watch.told) {
      expect([name, event]).toEqual([name, expect.objectContaining(SHAPES[KINDS[name]]({ role, queue }))])
      if (KINDS[name] === 'request') expect(event).toHaveProperty('correlationId')
      if ('durationMs' in event) expect(event.durationMs).toBeGreaterThanOrEqual(0)
    }
  })
}
