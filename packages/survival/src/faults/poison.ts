import { connect } from 'amqplib'
import type { Fault } from './fault.js'

/** Contents that another program may send, none of which fits the contract. */
const payloads: readonly (readonly [content: Buffer, properties: object])[] = [
  [Buffer.alloc(0), { contentType: 'application/json' }],
  [Buffer.from('{"n":'), { contentType: 'application/json' }],
  [Buffer.from('null'), { contentType: 'application/json' }],
  [Buffer.from('{"n":"1","behaviour":"succeeds","padding":""}'), { contentType: 'application/json' }],
  [Buffer.from('{"n":1,"behaviour":"explodes","padding":""}'), { contentType: 'application/json' }],
  [Buffer.from([0xff, 0xfe, 0x00, 0xc3, 0x28]), { contentType: 'application/octet-stream' }],
  [Buffer.from('{"__proto__":{"n":1},"constructor":1}'), {}],
  [Buffer.from('['.repeat(100_000)), { contentType: 'application/json' }],
  [Buffer.from('"text"'), { contentEncoding: 'gzip', headers: { 'leveret-attempt': 'boom', 'x-death': 'boom' } }],
  [Buffer.from('0'), { headers: { 'leveret-attempt': -1, 'x-death': [null], 'x-delivery-count': 'many' } }],
]

/** Fault: another program's messages among good ones. */
export const poison: Fault = {
  name: 'poison',
  summary:
    'another program sends messages that do not fit the contract: broken JSON, wrong types, garbage, false headers',
  scope: 'vhost',
  strike: async (stage) => {
    const { ledger, broker, vhost } = stage
    const url = new URL(broker.url)
    url.pathname = `/${vhost}`
    const connection = await connect(url.href)
    const channel = await connection.createConfirmChannel()
    stage.strikes('poison')
    const rounds = stage.quick ? 5 : 100
    for (let n = 0; n < rounds * payloads.length; n += 1) {
      const [content, properties] = payloads[n % payloads.length] ?? [Buffer.alloc(0), {}]
      const messageId = `z${Date.now()}-${n}`
      ledger.note('published', messageId)
      ledger.note('poisoned', messageId)
      channel.publish('', 'work', content, { persistent: true, ...properties, messageId })
      await channel.waitForConfirms()
      ledger.note('confirmed', messageId)
    }
    await connection.close()
    await stage.recovers('poison')
  },
}
