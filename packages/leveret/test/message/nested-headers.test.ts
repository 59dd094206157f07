import { describe, expect } from 'vitest'
import { z } from 'zod'
import { bytes, DeadLetters, Worker, workQueue } from '../../src/index.js'
import { nested, publishRaw, shortText, table, tagged } from '../publishing/fuzz/wire.js'
import { drain } from '../support/letters.js'
import { stranger } from '../support/stranger.js'
import { eventually, test } from '../support/support.js'

const payload = z.instanceof(Uint8Array)
const codec = { ...bytes, contentType: '' }

describe.for(['quorum', 'classic'] as const)('in a %s queue', (type) => {
  const deep = workQueue('deep', { payload, codec, queue: { type }, retry: { delaysMs: [50] } })

  test.for([
    ['tables', 'F', 6_000],
    ['arrays', 'A', 6_000],
    ['tables', 'F', 2_000],
  ] as const)(
    'headers of %s in themselves (%s), %d levels deep, cost no connection: the task is handled, retried and kept',
    async ([_what, kind, depth], { rabbit, vhost }) => {
      const told: unknown[] = []
      const worker = new Worker(rabbit, deep, (content, { attempt }) => {
        told.push([String(content), attempt])
        if (String(content) === 'fails') throw new Error('again')
      })
      worker.on('channel.lost', ({ reason }) => told.push(reason))
      worker.on('delivery.acked', () => told.push('acked'))
      worker.on('delivery.dead-lettered', ({ reason }) => told.push(reason))
      await worker.start()
      await using other = await stranger(vhost.url)
      for (const what of ['works', 'fails']) {
        publishRaw(other.channel, {
          exchange: '',
          routingKey: Buffer.from('deep'),
          content: Buffer.from(what),
          properties: {
            headers: table([
              ['deep', nested(kind, depth)],
              ['b', tagged('t', Buffer.from([1]))],
            ]),
            messageId: shortText(what),
          },
        })
      }
      await eventually(() => expect(told.filter((what) => typeof what === 'string')).toHaveLength(2))
      expect(told).toEqual(expect.arrayContaining([['works', 1], ['fails', 1], 'acked']))
      expect(told).not.toContainEqual(expect.any(Error))
      await using letters = new DeadLetters(rabbit, deep)
      const [letter] = await eventually(async () => {
        const kept = await letters.peek()
        expect(kept).toHaveLength(1)
        return kept
      })
      expect(letter).toMatchObject({ messageId: 'fails', headers: { b: true } })
      expect(await drain(rabbit, 'deep.dead-letter')).toEqual(['fails'])
    },
  )
})
