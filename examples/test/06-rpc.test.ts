import { test } from '@leveret/testing/vitest'
import { describe, expect } from 'vitest'
import { leveret, PAIRS, said, start } from './programs.js'

describe('a remote procedure call', () => {
  test('prints what the tutorial prints', async ({ vhost }) => {
    const env = { RABBITMQ_URL: vhost.url }
    const server = start(leveret, 'rpc-server', env)
    await server.printed(' [x] Awaiting RPC requests')
    const client = start(leveret, 'rpc-client', env)
    expect(await client.ended()).toBe(0)
    expect(client.lines).toEqual([' [x] Requesting fib(30)', ' [.] Got 832040'])
    expect(await server.interrupt()).toBe(0)
    expect(server.lines).toEqual([' [x] Awaiting RPC requests', ' [.] fib(30)'])
  })

  test.for(PAIRS)('of $sender.name is answered by $receiver.name', async ({ sender, receiver }, { vhost }) => {
    const env = { RABBITMQ_URL: vhost.url }
    const server = start(receiver, 'rpc-server', env)
    await server.printed(' [x] Awaiting RPC requests')
    const client = start(sender, 'rpc-client', env, '10')
    expect(await client.ended()).toBe(0)
    expect(said(client)).toEqual([' [x] Requesting fib(10)', ' [.] Got 55'])
    await server.printed(' [.] fib(10)')
  })

  test('without a server fails at once, and says so', async ({ vhost }) => {
    const client = start(leveret, 'rpc-client', { RABBITMQ_URL: vhost.url })
    expect(await client.ended()).not.toBe(0)
    expect(client.lines.join('\n')).toContain(
      "RpcNoResponderError: No server answers 'rpc_queue': its queue does not exist",
    )
  })
})
