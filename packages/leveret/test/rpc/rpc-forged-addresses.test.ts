import { expect } from 'vitest'
import { RpcClient, RpcServer } from '../../src/index.js'
import { double } from '../support/rpc.js'
import { stranger } from '../support/stranger.js'
import { eventually, test } from '../support/support.js'

const PATIENT = { timeoutMs: 120_000 }

test('a forged address over which RabbitMQ closes the connection is written to twice at most', async ({
  rabbit,
  connectTo,
  vhost,
}) => {
  const handled: number[] = []
  const servers = await connectTo()
  const server = new RpcServer(servers, double, ({ n }) => {
    handled.push(n)
    return { doubled: 2 * n }
  })
  let disconnects = 0
  servers.on('disconnected', () => {
    disconnects += 1
  })
  await server.start()
  await using other = await stranger(vhost.url)
  const replyTo = 'amq.rabbitmq.reply-to.g1h2AAUZcmVwbHlAMTY3MTMyMjMAAAAA.abcdef'
  other.channel.sendToQueue('double', Buffer.from('{"n":1}'), { replyTo })
  await eventually(async () => expect(await vhost.queue('double')).toMatchObject({ messages: 0 }))
  expect(await new RpcClient(rabbit, double).call({ n: 2 }, PATIENT)).toEqual({ doubled: 4 })
  expect([
    [1, 2],
    [1, 1, 2],
  ]).toContainEqual(handled)
  expect(disconnects).toBeLessThan(handled.length)
  console.log(`a forged address closed ${disconnects} connections`)
})
