import { test } from '@leveret/testing/vitest'
import { describe, expect } from 'vitest'
import { emit, endsCleanly, gets, listening } from './logs.js'
import { leveret, PAIRS, said } from './programs.js'

describe('publish and subscribe', () => {
  test('prints what the tutorial prints, and leaves no queue behind', async ({ vhost }) => {
    const env = { RABBITMQ_URL: vhost.url }
    await emit(leveret, 'emit-log', env, { words: [], prints: ' [x] Sent Hello World!' })
    const receive = await listening(leveret, 'receive-logs', env)
    const [queue] = await vhost.queues()
    await emit(leveret, 'emit-log', env, {
      words: ['info:', 'all', 'is', 'well'],
      prints: ' [x] Sent info: all is well',
    })
    await gets(receive, [' [x] info: all is well'])
    expect(said(receive)[0]).toBe(` [*] Waiting for messages in ${queue?.name}. To exit press CTRL+C`)
    await endsCleanly(receive)
    expect(await vhost.queues()).toEqual([])
  })

  test.for(PAIRS)('goes from $sender.name to each $receiver.name', async ({ sender, receiver }, { vhost }) => {
    const env = { RABBITMQ_URL: vhost.url }
    const receivers = await Promise.all([1, 2].map(() => listening(receiver, 'receive-logs', env)))
    await emit(sender, 'emit-log', env, { words: ['a', 'line: ä'], prints: ' [x] Sent a line: ä' })
    for (const each of receivers) await gets(each, [' [x] a line: ä'])
  })
})
