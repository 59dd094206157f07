import { describe, expect } from 'vitest'
import { DeadLetters, Producer, Worker, workQueue } from '../../src/index.js'
import { eventually, firstEvent, tasks, test } from '../support/support.js'
import { forbidSurprises, warnings } from '../support/surprises.js'

forbidSurprises()

/** Nothing can be made of it, not even a text. */
const hostile = Object.freeze({
  toString: () => {
    throw new Error('a trap')
  },
})

describe('what cannot even be shown', () => {
  test.for([
    [
      'thrown by a listener',
      () => {
        throw hostile
      },
    ],
    [
      'rejected by a listener',
      async () => {
        throw hostile
      },
    ],
    [
      'an error whose stack is none, thrown by a listener',
      () => {
        throw Object.assign(new Error('x'), { stack: hostile })
      },
    ],
  ] as const)('%s, is a warning of the process, and the worker goes on', async ([_name, listener], { rabbit }) => {
    const said = warnings()
    const seen: number[] = []
    const worker = new Worker(rabbit, tasks, ({ n }) => void seen.push(n), { concurrency: 1 })
    worker.on('delivery.acked', listener)
    const stuck: unknown[] = []
    worker.on('delivery.stuck', ({ error }) => stuck.push(error))
    await worker.start()
    await new Producer(rabbit, tasks).sendAll([{ n: 1 }, { n: 2 }])
    await eventually(() => expect(seen).toEqual([1, 2]))
    await eventually(() => expect(said).toHaveLength(2))
    expect(said[0]).toContain("a listener of 'delivery.acked' threw")
    expect(stuck).toEqual([])
    expect(rabbit.health()).toMatchObject({ ready: true })
  })

  test('thrown by a logger, is a warning of the process', async ({ connectTo }) => {
    const said = warnings()
    const fail = (): never => {
      throw hostile
    }
    const rabbit = await connectTo({ logger: { debug: fail, info: fail, warn: fail, error: fail } })
    await new Producer(rabbit, tasks).send({ n: 1 })
    await eventually(() => expect(said).toContainEqual(expect.stringContaining('the logger threw')))
  })

  test('thrown by a credentials provider, is a ConnectionError', async ({ connectTo }) => {
    const credentials = (): never => {
      throw hostile
    }
    await expect(connectTo({ credentials, startupTimeoutMs: 300 })).rejects.toMatchObject({
      name: 'ConnectionError',
      reason: 'credentials',
    })
  })

  test('thrown by an interceptor, is a PublishError', async ({ connectTo }) => {
    const publish = async (): Promise<never> => {
      throw hostile
    }
    const rabbit = await connectTo({ interceptors: [{ publish }] })
    await expect(new Producer(rabbit, tasks).send({ n: 1 })).rejects.toMatchObject({ name: 'PublishError' })
  })
})

describe('a function that is asynchronous where none is waited for, and rejects, ends no process', () => {
  const reject = async (): Promise<never> => {
    throw new Error('asynchronous')
  }

  test('orderBy: the attempt has failed', async ({ rabbit }) => {
    const contract = workQueue('ordered', { payload: tasks.payload, retry: false })
    const worker = new Worker(rabbit, contract, () => undefined, { orderBy: reject as never })
    const ended = Promise.race([firstEvent(worker, 'delivery.dead-lettered'), firstEvent(worker, 'delivery.acked')])
    await worker.start()
    await new Producer(rabbit, contract).send({ n: 1 })
    expect(await ended).toMatchObject({ failure: { message: expect.stringContaining('orderBy') } })
  })

  test('redact: nothing of the error is kept', async ({ rabbit }) => {
    const contract = workQueue('redacted', {
      payload: tasks.payload,
      retry: false,
      deadLetter: { redact: reject as never },
    })
    const worker = new Worker(rabbit, contract, reject)
    const dead = firstEvent(worker, 'delivery.dead-lettered')
    await worker.start()
    await new Producer(rabbit, contract).send({ n: 1 })
    await dead
    expect(await new DeadLetters(rabbit, contract).peek()).toMatchObject([{ error: { name: 'RedactionFailed' } }])
  })

  test('onFailure of sendAll: it ends with that, as when it throws', async ({ rabbit }) => {
    const sending = new Producer(rabbit, tasks).sendAll([{ n: 1.5 }, { n: 2 }], { onFailure: reject })
    await expect(sending).rejects.toThrow('asynchronous')
  })
})
