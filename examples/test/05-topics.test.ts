import { eventually, test } from '@leveret/testing/vitest'
import { describe, expect } from 'vitest'
import { LOG_PAIRS, listening, received } from './logs.js'
import { leveret, start } from './programs.js'

describe('topics', () => {
  test('prints what the tutorial prints', async ({ vhost }) => {
    const env = { RABBITMQ_URL: vhost.url }
    const emit = start(leveret, 'emit-log-topic', env, 'kern.critical', 'A', 'critical kernel error')
    expect(await emit.ended()).toBe(0)
    expect(emit.lines).toEqual([" [x] Sent kern.critical:'A critical kernel error'"])
    const plain = start(leveret, 'emit-log-topic', env)
    expect(await plain.ended()).toBe(0)
    expect(plain.lines).toEqual([" [x] Sent anonymous.info:'Hello World!'"])
  })

  test.for(LOG_PAIRS)(
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
        expect(await start(sender, 'emit-log-topic', env, key, 'a', 'line').ended()).toBe(0)
      }
      const line = (key: string): string => ` [x] ${key}:'a line'`
      await eventually(() => expect(received(all)).toEqual(keys.map(line)))
      await eventually(() => expect(received(kernel)).toEqual(['kern.info', 'kern.critical'].map(line)))
      await eventually(() => expect(received(critical)).toEqual(['cron.critical', 'kern.critical'].map(line)))
    },
  )
})
