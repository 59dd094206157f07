import { readdirSync, readFileSync } from 'node:fs'
import { availableDrivers, eventually, type RabbitMQ, startRabbitMQ } from '@leveret/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const available = await availableDrivers()
/** Keeps every scheduler busy for a while. */
const BUSY =
  '[spawn(fun() -> lists:foldl(fun(N, Sum) -> N + Sum end, 0, lists:seq(1, 20000000)) end) || _ <- lists:seq(1, 8)], ok.'

describe.each(['container', 'local'] as const)('a broker of one’s own (%s)', (driver) => {
  describe.runIf(available.includes(driver))('as long as it lives', { timeout: 120_000 }, () => {
    let broker: RabbitMQ

    beforeAll(async () => {
      broker = await startRabbitMQ({
        driver,
        plugins: ['rabbitmq_shovel'],
        config: ['channel_max = 7'],
        erlangArguments: ['-rabbit channel_tick_interval 9000'],
      })
      await broker.management.declareQueue('/', 'durable')
    }, 120_000)
    afterAll(async () => {
      await broker.remove()
    })

    test('says what it is', async () => {
      expect(broker).toMatchObject({ driver, urls: [broker.url], tlsUrl: undefined })
      expect(broker.version).toMatch(/^\d+\.\d+\.\d+/)
      expect(broker.nodes).toHaveLength(1)
      await eventually(async () => expect(await broker.log()).toContain('Server startup complete'))
    })

    test('has the plugins and the configuration that were asked for', async () => {
      expect(await broker.ctl('eval', 'rabbit_plugins:active().')).toContain('rabbitmq_shovel')
      expect(await broker.ctl('eval', 'application:get_env(rabbit, channel_max).')).toContain('{ok,7}')
      expect(await broker.ctl('eval', 'application:get_env(rabbit, channel_tick_interval).')).toContain('{ok,9000}')
    })

    test('keeps its URL and its durable messages when it is killed and started again', async () => {
      const { url, managementUrl } = broker
      await publish(broker, 'before the kill')

      await broker.kill()
      await expect(broker.management.overview()).rejects.toThrow('no answer')
      await broker.start()

      expect([broker.url, broker.managementUrl]).toEqual([url, managementUrl])
      expect(await broker.management.get('/', 'durable')).toMatchObject([{ payload: 'before the kill' }])
    })

    test('keeps them when it is restarted in order', async () => {
      await publish(broker, 'before the restart')

      await broker.restart()

      expect(await broker.management.get('/', 'durable')).toMatchObject([{ payload: 'before the restart' }])
    })

    test('answers nothing while it is paused, and goes on as if nothing had happened', async () => {
      await broker.pause()
      const paused = fetch(`http://${new URL(broker.managementUrl).host}/`, { signal: AbortSignal.timeout(500) })
      await expect(paused).rejects.toThrow(/timeout/)

      await broker.resume()
      expect(await broker.management.overview()).toMatchObject({ rabbitmq_version: broker.version })
    })

    test.runIf(driver === 'local' && process.platform === 'linux')(
      'has stopped when the pause resolves, also when it has much to do',
      async () => {
        const pid = (await broker.ctl('eval', 'os:getpid().')).replaceAll(/\D/g, '')
        // What the Erlang VM does ends with it.
        await broker.ctl('eval', BUSY)
        for (let round = 0; round < 10; round += 1) {
          await broker.pause()
          const threads = readdirSync(`/proc/${pid}/task`)
          const states = threads.map((thread) => readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8'))
          await broker.resume()
          expect(states.filter((state) => !state.includes('State:\tT'))).toEqual([])
        }
      },
    )

    test('can be killed while it is paused', async () => {
      await broker.pause()
      await broker.kill()
      await broker.start()
      expect(await broker.management.overview()).toMatchObject({ rabbitmq_version: broker.version })
    })

    test('is gone after remove, which can be repeated', async () => {
      await broker.remove()
      await broker.remove()
      await expect(broker.management.overview()).rejects.toThrow('no answer')
    })
  })

  test.runIf(available.includes(driver))('shows the end of its log when it cannot start', async () => {
    const start = startRabbitMQ({ driver, config: ['this.is.no.setting = 1'] })
    await expect(start).rejects.toMatchObject({
      name: 'BrokerStartError',
      message: expect.stringContaining('this.is.no.setting'),
    })
  })
})

test.runIf(available.includes('local'))('a local node refuses to be a version it is not', async () => {
  await expect(startRabbitMQ({ driver: 'local', version: '2.8' })).rejects.toThrow('RabbitMQ 2.8 was requested')
})

async function publish(broker: RabbitMQ, payload: string): Promise<void> {
  expect(await broker.management.publish('/', { routingKey: 'durable', payload })).toBe(true)
}
