import { eventually, test } from '@leveret/testing/vitest'
import { describe, expect } from 'vitest'
import { LOG_PAIRS, listening, received } from './logs.js'
import { leveret, start } from './programs.js'

describe('publish and subscribe', () => {
  test('prints what the tutorial prints', async ({ vhost }) => {
    const env = { RABBITMQ_URL: vhost.url }
    const quiet = start(leveret, 'emit-log', env)
    expect(await quiet.ended()).toBe(0)
    expect(quiet.lines).toEqual([' [x] Sent Hello World!'])
    const emit = start(leveret, 'emit-log', env, 'info:', 'all', 'is', 'well')
    expect(await emit.ended()).toBe(0)
    expect(emit.lines).toEqual([' [x] Sent info: all is well'])
  })

  test.for(LOG_PAIRS)('goes from $sender.name to each $receiver.name', async ({ sender, receiver }, { vhost }) => {
    const env = { RABBITMQ_URL: vhost.url }
    const receivers = await Promise.all([1, 2].map(() => listening(receiver, 'receive-logs', env)))
    expect(await start(sender, 'emit-log', env, 'a', 'line: ä').ended()).toBe(0)
    for (const each of receivers) await eventually(() => expect(received(each)).toEqual([' [x] a line: ä']))
  })
})
