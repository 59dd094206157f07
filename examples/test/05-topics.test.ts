import { test } from '@leveret/testing/vitest'
import { describe } from 'vitest'
import { emit, endsCleanly, gets, listening, saysHowItIsUsed } from './logs.js'
import { leveret, PAIRS } from './programs.js'

describe('topics', () => {
  test('prints what the tutorial prints', async ({ vhost }) => {
    const env = { RABBITMQ_URL: vhost.url }
    const receive = await listening(leveret, 'receive-logs-topic', env, 'kern.*', 'anonymous.#')
    await emit(leveret, 'emit-log-topic', env, {
      words: ['kern.critical', 'A', 'critical kernel error'],
      prints: " [x] Sent kern.critical:'A critical kernel error'",
    })
    await emit(leveret, 'emit-log-topic', env, { words: [], prints: " [x] Sent anonymous.info:'Hello World!'" })
    await gets(receive, [" [x] kern.critical:'A critical kernel error'", " [x] anonymous.info:'Hello World!'"])
    await endsCleanly(receive)
  })

  test('without a pattern says how it is used', () =>
    saysHowItIsUsed(leveret, 'receive-logs-topic', 'Usage: receive-logs-topic.js <facility>.<severity>'))

  test.for(PAIRS)(
    'goes from $sender.name to the $receiver.name whose pattern matches',
    async ({ sender, receiver }, { vhost }) => {
      const env = { RABBITMQ_URL: vhost.url }
      const [kernel, critical, all] = await Promise.all([
        listening(receiver, 'receive-logs-topic', env, 'kern.*'),
        listening(receiver, 'receive-logs-topic', env, '*.critical'),
        listening(receiver, 'receive-logs-topic', env, '#'),
      ])
      const keys = ['kern.info', 'cron.critical', 'kern.critical', 'quick.orange.rabbit']
      for (const key of keys) {
        const prints = ` [x] Sent ${key}:'a line'`
        await emit(sender, 'emit-log-topic', env, { words: [key, 'a', 'line'], prints })
      }
      const line = (key: string): string => ` [x] ${key}:'a line'`
      await gets(all, keys.map(line))
      await gets(kernel, ['kern.info', 'kern.critical'].map(line))
      await gets(critical, ['cron.critical', 'kern.critical'].map(line))
    },
  )
})
