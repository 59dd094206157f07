import { describe, expect } from 'vitest'
import { DeadLetters, Producer, workQueue } from '../../../src/index.js'
import { crashUntilDone } from '../../support/crash-loop.js'
import { eventually, tasks, test } from '../../support/support.js'

/** Two are nothing unusual; that it is one of these, some process has to find out. */
const SUSPECT_AT = 2
/** A new process for each crash. */
const TIMEOUT_MS = 180_000

const few = { 'x-queue-type': 'quorum', 'x-delivery-limit': 4, 'x-dead-letter-exchange': '' }

describe.each([
  { name: 'a quorum queue', queue: { type: 'quorum' }, poison: [7] },
  {
    name: 'a quorum queue with three of them',
    queue: { arguments: { ...few, 'x-dead-letter-routing-key': 'tasks.dead-letter' } },
    poison: [5, 7, 8],
  },
] as const)('a message that kills every process that handles it, on $name,', ({ queue, poison }) => {
  test(
    'is handled alone, until it is a dead letter, and takes no other with it',
    async ({ rabbit, vhost }) => {
      const contract = workQueue('tasks', { payload: tasks.payload, queue })
      const numbers = Array.from({ length: 16 }, (_, n) => n)
      await new Producer(rabbit, contract).sendAll(numbers.map((n) => ({ n })))
      const runs = await crashUntilDone(vhost, { queue, poison })

      const said = runs.flat()
      const ended = new Set(said.filter(({ did }) => did === 'ended').map(({ n }) => n))
      expect(numbers.filter((n) => !ended.has(n))).toEqual(poison)
      const letters = await new DeadLetters(rabbit, contract).peek()
      const dead = await Promise.all(letters.map(async (letter) => (await letter.payload()).n))
      expect(dead.toSorted()).toEqual(poison)
      expect(new Set(letters.map(({ reason }) => reason))).toEqual(new Set(['delivery-limit']))
      await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages: 0 }))

      for (const { n, returns, running } of said) if (returns >= SUSPECT_AT) expect(running).toEqual([n])
      // An innocent comes back with a poison until it is a suspect itself, and hardly ever after that.
      const innocent = said.filter(({ n }) => !(poison as readonly number[]).includes(n))
      expect(Math.max(...innocent.map(({ returns }) => returns))).toBeLessThanOrEqual(SUSPECT_AT + 1)
    },
    TIMEOUT_MS,
  )
})
