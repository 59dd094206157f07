import { describe, expect } from 'vitest'
import { type Connection, Producer, Worker, type WorkerOptions } from '../../../src/index.js'
import { publishRaw, shortText } from '../../publishing/fuzz/wire.js'
import { clearAlarm, raiseAlarm } from '../../support/alarm.js'
import { stranger } from '../../support/stranger.js'
import { eventually, firstEvent, gate, tasks, test } from '../../support/support.js'
import { Crowd, SUSPECT, suspect } from '../../support/suspects.js'

interface Place {
  readonly url: string
  consumers(): Promise<unknown[]>
}

/** A worker with task 1 in its handler and others waiting, and the suspect in the hand of another worker. */
interface Scene {
  readonly worker: Worker<typeof tasks>
  readonly producer: Producer<typeof tasks>
  readonly crowd: Crowd
  /** The suspect comes, and the worker waits for task 1. */
  meet(): Promise<void>
  /** Task 1 ends. */
  end(): void
}

async function arrange(
  { url, consumers }: Place,
  rabbit: Connection,
  options: WorkerOptions<{ n: number }> = {},
  sender: Connection = rabbit,
): Promise<Scene> {
  const release = await suspect(sender, url, tasks)
  const crowd = new Crowd()
  const first = gate()
  crowd.hold([1], first.opened)
  const bounds = { concurrency: 1, prefetch: 4, ...options, batch: undefined, acknowledge: 'on-return' } as const
  const worker = new Worker(rabbit, tasks, (task) => crowd.handle(task), bounds)
  await worker.start()
  const producer = new Producer(rabbit, tasks)
  await producer.sendAll([{ n: 1 }, { n: 2 }, { n: 3 }])
  await eventually(() => expect(crowd.running).toEqual(new Set([1])))
  const meet = async (): Promise<void> => {
    await eventually(async () => expect(await consumers()).toHaveLength(2))
    await release()
    await eventually(async () => expect(await consumers()).toEqual([]), { timeoutMs: 20_000 })
  }
  return { worker, producer, crowd, meet, end: first.open }
}

describe('a worker that empties its hand for a suspect', () => {
  test('may be paused meanwhile: the suspect waits too, and is alone when it goes on', async ({ rabbit, vhost }) => {
    const { worker, crowd, meet, end } = await arrange(vhost, rabbit)
    const isolated = firstEvent(worker, 'delivery.isolated')
    await meet()
    await worker.pause()
    end()
    await isolated
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages_unacknowledged: 1 }))
    expect(crowd.begun).toEqual([1])
    await worker.resume()
    await eventually(() => expect(crowd.ended).toEqual(new Set([1, 2, 3, SUSPECT])))
    expect(crowd.besideSuspect).toEqual([SUSPECT])
    await eventually(async () => expect(await vhost.consumers()).toHaveLength(1))
  })

  test('takes nothing beside the suspect, also when it is paused and resumed while that is handled', async ({
    rabbit,
    vhost,
  }) => {
    const { worker, crowd, meet, end } = await arrange(vhost, rabbit)
    const alone = gate()
    crowd.hold([SUSPECT], alone.opened)
    await meet()
    end()
    await eventually(() => expect(crowd.running).toEqual(new Set([SUSPECT])))
    await worker.pause()
    await worker.resume()
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages_unacknowledged: 1 }))
    expect(await vhost.consumers()).toEqual([])
    alone.open()
    await eventually(() => expect(crowd.ended).toEqual(new Set([1, 2, 3, SUSPECT])))
  })

  test('may be closed meanwhile: all that has not begun is there for others at once', async ({ rabbit, vhost }) => {
    const { worker, crowd, meet, end } = await arrange(vhost, rabbit)
    await meet()
    const closing = worker.close()
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages_ready: 2 }))
    end()
    await closing
    expect(crowd.begun).toEqual([1])
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages_ready: 3, messages: 3 }))
  })

  test('closes in time, also when what it waits for never ends', async ({ rabbit, vhost }) => {
    const { worker, meet } = await arrange(vhost, rabbit)
    await meet()
    await worker.close({ timeoutMs: 200 })
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages_ready: 4, messages: 4 }))
  })

  test('starts again when its connection is lost, and waits for the handlers of the old one', async ({
    vhost,
    proxy,
    connectTo,
  }) => {
    const rabbit = await connectTo({}, proxy.urlFor(vhost.url))
    const { worker, crowd, meet, end } = await arrange(vhost, rabbit, { concurrency: 2 })
    await meet()
    const recovered = firstEvent(worker, 'channel.recovered')
    proxy.reset()
    await recovered
    expect(crowd.begun).not.toContain(SUSPECT)
    end()
    await eventually(() => expect(crowd.ended).toEqual(new Set([1, 2, 3, SUSPECT])))
    expect(crowd.besideSuspect).toEqual([SUSPECT])
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages: 0 }))
    await eventually(async () => expect(await vhost.consumers()).toHaveLength(1))
  })

  test('does not wait for a copy that an alarm holds up', async ({ ownBroker, connectTo }) => {
    const rabbit = await connectTo({}, ownBroker.url)
    const place = { url: ownBroker.url, consumers: () => ownBroker.management.consumers('/') }
    const { worker, crowd, producer, meet, end } = await arrange(place, rabbit)
    crowd.failOnce(1)
    const blocked = firstEvent(rabbit, 'blocked')
    await raiseAlarm(ownBroker)
    producer.send({ n: 4 }).catch(() => undefined)
    await blocked
    await meet()
    const isolated = firstEvent(worker, 'delivery.isolated')
    const retried = firstEvent(worker, 'delivery.retried')
    end()
    await isolated
    await eventually(() => expect(crowd.ended).toContain(SUSPECT))
    await clearAlarm(ownBroker)
    await retried
    await eventually(() => expect(crowd.ended).toEqual(new Set([1, 2, 3, 4, SUSPECT])))
    expect(crowd.besideSuspect).toEqual([SUSPECT])
  })

  test('does not wait for what can never be settled', async ({ vhost, connectTo, rabbit }) => {
    const skipping = await connectTo({ topology: 'skip' })
    const { worker, crowd, meet, end } = await arrange(vhost, skipping, { concurrency: 2 }, rabbit)
    const stuck = firstEvent(worker, 'delivery.stuck')
    end()
    await eventually(() => expect(crowd.ended).toEqual(new Set([1, 2, 3])))
    await using other = await stranger(vhost.url)
    // As text these bytes are three times as long, so no copy can carry them.
    const properties = { correlationId: shortText(Buffer.alloc(255, 0xff)) }
    const content = Buffer.from('"not a task"')
    publishRaw(other.channel, { exchange: '', routingKey: Buffer.from('tasks'), content, properties })
    await stuck
    const hold = gate()
    crowd.hold([5], hold.opened)
    await new Producer(rabbit, tasks).send({ n: 5 })
    await meet()
    hold.open()
    await eventually(() => expect(crowd.besideSuspect).toEqual([SUSPECT]))
  })
})
