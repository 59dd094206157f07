import { expect } from 'vitest'
import { z } from 'zod'
import { Producer, text, Worker, workQueue } from '../../src/index.js'
import { stranger } from '../support/stranger.js'
import { eventually, firstEvent, test } from '../support/support.js'
import { publishRaw, shortText } from './fuzz/wire.js'

/** Of a queue of somebody else's leveret does not know whether the broker keeps what is rejected. */
const foreign = workQueue('foreign', {
  payload: z.string(),
  codec: text,
  queue: { arguments: { 'x-queue-type': 'quorum' } },
  retry: { delaysMs: [50] },
})

test('a task of which no copy can be stored is kept unacknowledged; others go on, and close does not wait for it', async ({
  rabbit,
  vhost,
}) => {
  const worker = new Worker(rabbit, foreign, (payload) => {
    if (payload === 'bad') throw new Error('always')
  })
  const stuck = firstEvent(worker, 'delivery.stuck')
  await worker.start()
  await using other = await stranger(vhost.url)
  // As text these bytes are three times as long, so no copy can carry them.
  const properties = { messageId: shortText('m1'), correlationId: shortText(Buffer.alloc(255, 0xff)) }
  publishRaw(other.channel, {
    exchange: '',
    routingKey: Buffer.from('foreign'),
    content: Buffer.from('bad'),
    properties,
  })
  expect(await stuck).toMatchObject({
    messageId: 'm1',
    attempt: 1,
    error: { name: 'PublishError', outcome: 'not-sent' },
  })
  const why = expect.stringContaining('cannot be encoded')
  await eventually(() =>
    expect(rabbit.health().roles).toMatchObject([{ ready: false, attached: true, inFlight: 0, why }]),
  )

  const acked = firstEvent(worker, 'delivery.acked')
  await new Producer(rabbit, foreign).send('good')
  await acked
  await eventually(async () =>
    expect(await vhost.queue('foreign')).toMatchObject({ messages: 1, messages_unacknowledged: 1 }),
  )
  await worker.close({ timeoutMs: 50_000 })
  await eventually(async () => expect(await vhost.queue('foreign')).toMatchObject({ messages_ready: 1 }))
}, 30_000)
