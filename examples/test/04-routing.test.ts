import { eventually, test } from '@leveret/testing/vitest'
import { describe, expect } from 'vitest'
import { LOG_PAIRS, listening, received } from './logs.js'
import { leveret, start } from './programs.js'

describe('routing', () => {
  test('prints what the tutorial prints, and refuses a severity that there is not', async ({ vhost }) => {
    const env = { RABBITMQ_URL: vhost.url }
    const emit = start(leveret, 'emit-log-direct', env, 'error', 'Run.', 'Or it will explode.')
    expect(await emit.ended()).toBe(0)
    expect(emit.lines).toEqual([" [x] Sent error: 'Run. Or it will explode.'"])
    const plain = start(leveret, 'emit-log-direct', env)
    expect(await plain.ended()).toBe(0)
    expect(plain.lines).toEqual([" [x] Sent info: 'Hello World!'"])
    const wrong = start(leveret, 'emit-log-direct', env, 'eror', 'x')
    expect(await wrong.ended()).not.toBe(0)
    expect(wrong.lines.join('\n')).toContain(`no template of the exchange 'direct_logs' matches the routing key "eror"`)
  })

  test.for(LOG_PAIRS)(
    'goes from $sender.name to the $receiver.name that asked for it',
    async ({ sender, receiver }, { vhost }) => {
      const env = { RABBITMQ_URL: vhost.url }
      const [bad, all] = await Promise.all([
        listening(receiver, 'receive-logs-direct', env, 'warning', 'error'),
        listening(receiver, 'receive-logs-direct', env, 'info', 'warning', 'error'),
      ])
      for (const severity of ['info', 'warning', 'error']) {
        expect(await start(sender, 'emit-log-direct', env, severity, 'a', 'line').ended()).toBe(0)
      }
      const lines = [" [x] info:'a line'", " [x] warning:'a line'", " [x] error:'a line'"]
      await eventually(() => expect(received(all)).toEqual(lines))
      await eventually(() => expect(received(bad)).toEqual(lines.slice(1)))
    },
  )
})
