import { closeOnSignals, connect, Subscriber } from 'leveret'
import { logLines } from './contracts.js'

// Usage: tail [binding key …], for example `tail 'shop.*' '*.error'`. Shows what comes while it runs.
const wanted = process.argv.slice(2)
const bindingKeys = wanted.length === 0 ? ['#'] : wanted

const rabbit = await connect(process.env.RABBITMQ_URL ?? 'amqp://localhost')
closeOnSignals(rabbit)

const tail = new Subscriber(rabbit, logLines, show, { bindingKeys, maxLength: 10_000 })
tail.on('gap', ({ durationMs }) => console.log(`(missed ${durationMs} ms)`))
await tail.start()
console.log(`tail of ${bindingKeys.join(' ')}`)

function show({ routingKey, payload }: { routingKey: string; payload: { text: string } }): void {
  console.log(`${routingKey}: ${payload.text}`)
}
