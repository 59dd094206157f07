import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { eventually } from '@leveret/testing/vitest'
import { type Connection, connect, DeadLetters, declare, Producer, Worker } from 'leveret'
import { expect } from 'vitest'
import { thumbnails } from './fixtures/shop/leveret.config.js'
import { spawned, test } from './program.js'

// The whole is LEVERET_REPLAY_KILLS=20 LEVERET_REPLAY_LETTERS=10000.
const KILLS = Number(process.env.LEVERET_REPLAY_KILLS ?? 1)
const LETTERS = Number(process.env.LEVERET_REPLAY_LETTERS ?? 800)
/** What `replay` holds at a time: at worst so many are stored twice, under one id. */
const IN_HAND = 32
/** How long it takes at least. */
const MS_A_LETTER = 0.4
const REPLAY = ['letters', 'replay', 'thumbnails', '--include-unknown', '--yes', '--json']

test(`letters replay that is killed loses none of ${LETTERS}, doubles at most ${IN_HAND}, and goes on the next time`, {
  timeout: 3_600_000,
}, async ({ broker, vhost }) => {
  const env = { RABBITMQ_URL: vhost.url, RABBITMQ_MANAGEMENT_URL: broker.managementUrl }
  await using rabbit = await connect(vhost.url)
  await declare(rabbit, thumbnails)
  const letters = new DeadLetters(rabbit, thumbnails)
  const told: number[] = []
  // One that had ended before it was killed shows nothing.
  for (let kill = 1; told.length < KILLS && kill <= KILLS * 3; kill += 1) {
    const ids = await fill(rabbit)
    await eventually(async () => expect(await letters.count()).toBe(LETTERS))
    const { child, ended } = spawned(REPLAY, env)
    while ((await letters.count()) === LETTERS && child.exitCode === null) await delay(1)
    // It has begun: a random moment from here to about its end.
    await delay(Math.random() * LETTERS * MS_A_LETTER)
    child.kill('SIGKILL')
    const { code } = await ended
    // The broker gives back what the killed process held.
    await eventually(async () => expect(await vhost.connections()).toSatisfy((all: unknown[]) => all.length <= 2))
    const left = await letters.count()

    const again = await spawned(REPLAY, env).ended
    expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining(`"replayed": ${left}`) })
    const arrived = await drained(rabbit, ids)
    const doubles = arrived.length - new Set(arrived).size
    if (code !== 0) told.push(doubles)
    console.log(JSON.stringify({ kill, wasKilled: code !== 0, left, arrived: arrived.length, doubles }))
    expect(new Set(arrived)).toEqual(ids)
    expect(doubles).toBeLessThanOrEqual(IN_HAND)
  }
  console.log(`kills ${told.length}, letters ${LETTERS}, lost 0, doubles ${told.join(' ')}`)
})

/** Puts letters into the dead-letter queue, as somebody would by hand. @returns their ids */
async function fill(rabbit: Connection): Promise<Set<string>> {
  const dead = {
    ...thumbnails,
    name: 'thumbnails.dead-letter',
    existing: true,
    deadLetter: false,
    retry: false,
  } as const
  await using producer = new Producer(rabbit, dead)
  const tasks = Array.from({ length: LETTERS }, (_, index) => ({ imageId: randomUUID(), widthPx: (index % 4_000) + 1 }))
  const sent = await Promise.all(tasks.map(async (task) => await producer.send(task)))
  return new Set(sent.map(({ messageId }) => messageId))
}

/** Takes all that is in the work queue. @returns the ids in their order */
async function drained(rabbit: Connection, ids: ReadonlySet<string>): Promise<string[]> {
  const seen: string[] = []
  const worker = new Worker(rabbit, thumbnails, (_task, { messageId = '' }) => void seen.push(messageId), {
    concurrency: 100,
    prefetch: 500,
  })
  await worker.start()
  await eventually(() => expect(new Set(seen).size).toBe(ids.size), { timeoutMs: 60_000 })
  // The doubles stand behind the others, and the queue without its dead letters is empty when they have come.
  const queue = new DeadLetters(rabbit, {
    ...thumbnails,
    name: 'nobody',
    deadLetter: { ...Object(thumbnails.deadLetter), queue: thumbnails.name, existing: true },
  })
  await eventually(async () => expect(await queue.count()).toBe(0))
  await worker.close()
  return seen
}
