import { test } from '@leveret/testing/vitest'
import { describe, expect } from 'vitest'
import { emit, endsCleanly, gets, listening, saysHowItIsUsed } from './logs.js'
import { leveret, PAIRS, start } from './programs.js'

describe('routing', () => {
  test('prints what the tutorial prints, and refuses a severity that there is not', async ({ vhost }) => {
    const env = { RABBITMQ_URL: vhost.url }
    const receive = await listening(leveret, 'receive-logs-direct', env, 'error', 'info')
    await emit(leveret, 'emit-log-direct', env, {
      words: ['error', 'Run.', 'Or it will explode.'],
      prints: " [x] Sent error: 'Run. Or it will explode.'",
    })
    await emit(leveret, 'emit-log-direct', env, { words: [], prints: " [x] Sent info: 'Hello World!'" })
    await gets(receive, [" [x] error: 'Run. Or it will explode.'", " [x] info: 'Hello World!'"])
    await endsCleanly(receive)
    const wrong = start(leveret, 'emit-log-direct', env, 'eror', 'x')
    expect(await wrong.ended()).not.toBe(0)
    expect(wrong.lines.join('\n')).toContain(`no template of the exchange 'direct_logs' matches the routing key "eror"`)
  })

  test('without a severity says how it is used', () =>
    saysHowItIsUsed(leveret, 'receive-logs-direct', 'Usage: receive-logs-direct.js [info] [warning] [error]'))

  test.for(PAIRS)(
    'goes from $sender.name to the $receiver.name that asked for it',
    async ({ sender, receiver }, { vhost }) => {
      const env = { RABBITMQ_URL: vhost.url }
      const [bad, all] = await Promise.all([
        listening(receiver, 'receive-logs-direct', env, 'warning', 'error'),
        listening(receiver, 'receive-logs-direct', env, 'info', 'warning', 'error'),
      ])
      const severities = ['info', 'warning', 'error']
      for (const severity of severities) {
        const prints = ` [x] Sent ${severity}: 'a line'`
        await emit(sender, 'emit-log-direct', env, { words: [severity, 'a', 'line'], prints })
      }
      const lines = severities.map((severity) => ` [x] ${severity}: 'a line'`)
      await gets(all, lines)
      await gets(bad, lines.slice(1))
    },
  )
})
