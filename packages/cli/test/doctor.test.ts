import { eventually } from '@leveret/testing/vitest'
import { connect as connectAmqp } from 'amqplib'
import { connect, declare, workQueue } from 'leveret'
import { describe, expect, onTestFinished } from 'vitest'
import { z } from 'zod'
import { CHECKS } from '../src/doctor/checks.js'
import { test } from './program.js'

interface Found {
  readonly check: string
  readonly subject: string
  readonly evidence: string
  readonly wayOut: string
}

describe('doctor', () => {
  test('finds nothing wrong with a fresh vhost, as far as that is its own', async ({ leveret }) => {
    const { code, stderr } = await leveret(['doctor', '--skip', 'version,node-version,feature-flags,deprecated,alarms'])
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining('nothing wrong') })
  })

  test('finds ten planted faults, each with what was seen and a way out', async ({
    broker: { management },
    leveret,
    vhost,
  }) => {
    const quorum = { 'x-queue-type': 'quorum' }
    const { name } = vhost
    // 1. No consumer. 2. Dead letters. 3. A delay queue without its work queue. 4. A limit and no route.
    await management.declareQueue(name, 'forgotten', quorum)
    await management.publish(name, { routingKey: 'forgotten', payload: '1' })
    const rabbit = await connect(vhost.url)
    onTestFinished(async () => await rabbit.close())
    await declare(rabbit, workQueue('work', { payload: z.unknown(), retry: { delaysMs: [60_000] } }))
    await management.publish(name, { routingKey: 'work.dead-letter', payload: '2' })
    await management.publish(name, { routingKey: 'work.retry.60000', payload: '3' })
    await management.deleteQueue(name, 'work')
    await management.declareQueue(name, 'dropping', { ...quorum, 'x-delivery-limit': 3 })
    // 5. At least once without reject-publish. 6. A consumer timeout that is too short.
    await management.declareQueue(name, 'hardly', {
      ...quorum,
      'x-dead-letter-strategy': 'at-least-once',
      'x-dead-letter-exchange': '',
    })
    await management.declareQueue(name, 'hasty', { ...quorum, 'x-consumer-timeout': 10_000 })
    // 7. A consumer without a bound. 8. One connection for both, and 9. without heartbeats. 10. An exchange without a queue.
    const client = await connectAmqp(`${vhost.url}?heartbeat=0`)
    client.on('error', () => undefined)
    // The vhost goes first.
    onTestFinished(async () => await client.close().catch(() => undefined))
    const [consuming, publishing] = [await client.createChannel(), await client.createConfirmChannel()]
    await publishing.assertExchange('unheard', 'fanout')
    await management.declareQueue(name, 'greedy')
    await consuming.consume('greedy', () => undefined)
    publishing.publish('unheard', '', Buffer.from('4'))
    publishing.publish('', 'greedy', Buffer.from('5'))
    await publishing.waitForConfirms()

    const found = await eventually(
      async () => {
        const { stdout, code } = await leveret([
          'doctor',
          '--json',
          '--skip',
          'version,node-version,feature-flags,deprecated,alarms',
        ])
        expect(code).toBe(1)
        const { findings } = JSON.parse(stdout) as { findings: Found[] }
        const seen = findings.map(({ check, subject }) => `${check} ${subject}`)
        expect(seen).toEqual(
          expect.arrayContaining([
            'unattended forgotten',
            'dead-letters work.dead-letter',
            'orphaned-delays work.retry.60000',
            'limit-without-route dropping',
            'at-least-once hardly',
            'consumer-timeout hasty',
            'unbounded-prefetch greedy',
            'unheard-exchanges unheard',
            expect.stringMatching(/^mixed-connections .*:/),
            expect.stringMatching(/^heartbeats .*:/),
          ]),
        )
        return findings
      },
      { timeoutMs: 30_000, intervalMs: 1_000 },
    )
    expect(found.filter(({ evidence, wayOut }) => evidence === '' || wayOut === '')).toEqual([])
    const text = await leveret(['doctor'])
    expect(text.stdout).toMatch(
      /error +forgotten +\(unattended\)\n +1 message waits, and the queue has no consumer\n +way out: start its workers/,
    )
  })

  test('says which rights its applications lack', async ({ broker: { management, managementUrl }, leveret, vhost }) => {
    const user = `reader-${vhost.name}`
    await management.createUser(user, 'reader-password', 'administrator')
    onTestFinished(async () => await management.deleteUser(user))
    await management.setPermissions(vhost.name, user, { configure: '^$', write: '.*', read: '.*' })
    const [url, api] = [new URL(vhost.url), new URL(managementUrl)]
    for (const one of [url, api]) Object.assign(one, { username: user, password: 'reader-password' })

    const { stdout, code } = await leveret(['doctor', '--json'], {
      env: { RABBITMQ_URL: url.href, RABBITMQ_MANAGEMENT_URL: api.href },
    })

    expect(code).toBe(1)
    expect(JSON.parse(stdout).findings).toContainEqual(
      expect.objectContaining({ check: 'rights', evidence: expect.stringContaining("may not configure 'log_lines'") }),
    )
  })

  test('has a name for each check, and no name twice', () => {
    expect(new Set(CHECKS.map(({ name }) => name)).size).toBe(CHECKS.length)
  })
})
