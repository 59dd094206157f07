import type { RabbitMQ } from '@leveret/testing'
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

/** Each planted fault, by its check, its subject and its way out. */
const EXPECTED = [
  /^alarms .*: let consumers catch up, or raise vm_memory_high_watermark$/,
  /^unattended forgotten: start its workers/,
  /^dead-letters work\.dead-letter: leveret letters show work\.dead-letter, then/,
  /^dead-letters the failed ones: leveret letters show 'the failed ones' --of source, then/,
  /^orphaned-delays work\.retry\.60000: declare 'work' again/,
  /^limit-without-route dropping: give the contract deadLetter/,
  /^at-least-once hardly: set overflow: reject-publish/,
  /^consumer-timeout hasty: raise it above the handlerTimeoutMs/,
  /^unbounded-prefetch greedy: set a prefetch/,
  /^unheard-exchanges unheard: start its subscribers/,
  /^mixed-connections .*: open one connection for publishing and one for consuming/,
  /^heartbeats .*: set a heartbeat/,
].map((pattern) => expect.stringMatching(pattern))

/** Plants a fault for each line of {@link EXPECTED} in the vhost `/`. */
async function plantFaults(broker: RabbitMQ): Promise<void> {
  const { management, url } = broker
  const quorum = { 'x-queue-type': 'quorum' }
  await management.declareQueue('/', 'forgotten', quorum)
  await management.publish('/', { routingKey: 'forgotten', payload: '1' })
  await using rabbit = await connect(url)
  await declare(rabbit, workQueue('work', { payload: z.unknown(), retry: { delaysMs: [60_000] } }))
  await management.publish('/', { routingKey: 'work.dead-letter', payload: '2' })
  await management.publish('/', { routingKey: 'work.retry.60000', payload: '3' })
  await management.deleteQueue('/', 'work')
  const toFailed = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'the failed ones' }
  await management.declareQueue('/', 'the failed ones', quorum)
  await management.declareQueue('/', 'source', { ...quorum, ...toFailed })
  await management.publish('/', { routingKey: 'the failed ones', payload: '4' })
  await management.declareQueue('/', 'dropping', { ...quorum, 'x-delivery-limit': 3 })
  const hardly = { 'x-dead-letter-strategy': 'at-least-once', 'x-dead-letter-exchange': '' }
  await management.declareQueue('/', 'hardly', { ...quorum, ...hardly })
  await management.declareQueue('/', 'hasty', { ...quorum, 'x-consumer-timeout': 10_000 })
  await plantClient(broker)
  // The last one, because no client can publish any more.
  if (broker.driver !== 'memory')
    await broker.ctl('eval', 'application:set_env(rabbit, vm_memory_high_watermark, 0.000001).')
  await broker.ctl('set_vm_memory_high_watermark', '0.000001')
}

/** A client that consumes without a bound, publishes on the same connection, and has no heartbeat. */
async function plantClient({ management, url }: RabbitMQ): Promise<void> {
  const client = await connectAmqp(`${url}?heartbeat=0`)
  client.on('error', () => undefined)
  onTestFinished(async () => await client.close().catch(() => undefined))
  const [consuming, publishing] = [await client.createChannel(), await client.createConfirmChannel()]
  await publishing.assertExchange('unheard', 'fanout')
  await management.declareQueue('/', 'greedy')
  await consuming.consume('greedy', () => undefined)
  publishing.publish('unheard', '', Buffer.from('5'))
  publishing.publish('', 'greedy', Buffer.from('6'))
  await publishing.waitForConfirms()
}

describe('doctor', () => {
  test('finds nothing wrong with a fresh vhost, as far as that is its own', async ({ leveret }) => {
    const { code, stderr } = await leveret(['doctor', '--skip', 'version,node-version,feature-flags,deprecated,alarms'])
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining('no problems') })
  })

  test('finds eleven planted faults of a broker, each with what was seen and a way out', {
    timeout: 120_000,
  }, async ({ leveret, ownBroker }) => {
    const env = { RABBITMQ_URL: ownBroker.url, RABBITMQ_MANAGEMENT_URL: ownBroker.managementUrl }
    await plantFaults(ownBroker)
    const found = await eventually(
      async () => {
        const { stdout, code } = await leveret(['doctor', '--json'], { env })
        expect(code).toBe(1)
        const { findings } = JSON.parse(stdout) as { findings: Found[] }
        const lines = findings.map(({ check, subject, wayOut }) => `${check} ${subject}: ${wayOut}`)
        expect(lines).toEqual(expect.arrayContaining(EXPECTED))
        return findings
      },
      { timeoutMs: 60_000, intervalMs: 1_000 },
    )
    expect(found.filter(({ evidence, wayOut }) => evidence === '' || wayOut === '')).toEqual([])

    const text = await leveret(['doctor'], { env })
    expect(text.stdout).toMatch(
      /error +forgotten +\(unattended\)\n +1 message waits and the queue has no consumer\n +way out: start its workers/,
    )
    // Narrow or wide, all is there, and no line is longer than the terminal.
    for (const columns of [80, 200]) {
      const { stdout } = await leveret(['doctor'], { env, columns })
      expect(stdout.split('\n').filter((line) => line.length > columns)).toEqual([])
      const flat = stdout.replaceAll(/\s/g, '')
      for (const { evidence, wayOut } of found.filter(({ check }) => check !== 'unattended')) {
        expect(flat).toContain(evidence.replaceAll(/\s/g, ''))
        expect(flat).toContain(wayOut.replaceAll(/\s/g, ''))
      }
    }
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

  test('says that a vhost does not exist, instead of finding no problems in it', async ({ broker, leveret }) => {
    const url = new URL(broker.url)
    url.pathname = '/no-such-vhost'
    const env = { RABBITMQ_URL: url.href }
    for (const command of [['doctor'], ['list', 'queues']]) {
      expect(await leveret(command, { env })).toMatchObject({
        code: 3,
        stdout: '',
        stderr: expect.stringContaining("no vhost 'no-such-vhost'"),
      })
    }
  })

  test('has a name for each check, and no name twice', () => {
    expect(new Set(CHECKS.map(({ name }) => name)).size).toBe(CHECKS.length)
  })
})
