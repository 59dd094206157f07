import { expect } from 'vitest'
import { type Connection, Producer, type RoleHealth, Worker, workQueue } from '../../../src/index.js'
import { eventually, gate, tasks, test } from '../../support/support.js'

/** A promise whose constructor does not take an executor, so that its `then` throws. */
class Named extends Promise<void> {
  readonly name: string

  constructor(name: string) {
    super((resolve) => resolve())
    this.name = name
  }
}

type Then = (done: () => unknown, failed: (error: Error) => unknown) => void

/** Makes a promise with a `then` of its own. */
function withOwnThen(value: Then): Promise<void> {
  return Object.defineProperty(Promise.resolve(), 'then', { value })
}

/** Makes one of a class with a `then` of its own. */
function ofClassWithThen(value: Then): Promise<void> {
  class Foreign extends Promise<void> {}
  Object.defineProperty(Foreign.prototype, 'then', { value })
  return new Foreign(() => undefined)
}

const fragile = workQueue('fragile', { payload: tasks.payload, retry: false })

function healthOf(rabbit: Connection): RoleHealth | undefined {
  return rabbit.health().roles.find(({ role }) => role === 'worker')
}

const throwing = (): never => {
  throw new Error('its then throws')
}

test.for([
  ['of a class whose constructor takes no executor', () => new Named('one'), 'delivery.dead-lettered'],
  ['with a then that throws', () => ofClassWithThen(throwing), 'delivery.dead-lettered'],
  ['that is a native one with such a then, which await does not call', () => withOwnThen(throwing), 'delivery.acked'],
] as const)(
  'a handler that returns a promise %s ends its attempt as if it were awaited, and frees its slot',
  async ([_name, made, name], { rabbit, vhost }) => {
    const worker = new Worker(rabbit, fragile, () => made(), { concurrency: 1 })
    let ended = 0
    worker.on(name, () => {
      ended += 1
    })
    await worker.start()
    const producer = new Producer(rabbit, fragile)
    for (const n of [1, 2, 3]) await producer.send({ n })
    await eventually(() => expect(ended).toBe(3))
    expect(healthOf(rabbit)).toMatchObject({ ready: true, inFlight: 0 })
    await eventually(async () => expect(await vhost.queue('fragile')).toMatchObject({ messages: 0 }))
  },
)

test('a handler whose promise calls back twice after it was given up is counted once as hung', async ({ rabbit }) => {
  const { opened, open } = gate()
  const twice: Then = (done, failed) =>
    void opened.then(() => {
      done()
      failed(new Error('and failed'))
    })
  const handler = (): Promise<void> => ofClassWithThen(twice)
  await new Worker(rabbit, tasks, handler, { handlerTimeoutMs: 50 }).start()
  await new Producer(rabbit, tasks).send({ n: 1 })
  await eventually(() => expect(healthOf(rabbit)).toMatchObject({ hung: 1 }))
  open()
  await eventually(() => expect(healthOf(rabbit)).toMatchObject({ hung: 0, inFlight: 0, late: 1 }))
})
