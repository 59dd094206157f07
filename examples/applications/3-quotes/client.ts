import { connect, isErrorOf, RpcClient } from 'leveret'
import { quoteParcel } from './procedure.js'

// Usage: client <country> <kg>
const [to = 'de', kg = '1'] = process.argv.slice(2)

await using rabbit = await connect(process.env.RABBITMQ_URL ?? 'amqp://localhost')
const client = new RpcClient(rabbit, quoteParcel, { timeoutMs: 5_000 })
console.log(await describe())

async function describe(): Promise<string> {
  try {
    const quote = await client.call({ to, weightKg: Number(kg) })
    switch (quote.by) {
      case 'courier':
        return `${quote.cents} cents, ${quote.days} days`
      case 'freight':
        return `${quote.cents} cents, ${quote.pallets} pallets`
      case 'pickup':
        return `fetched in ${quote.branch}`
    }
  } catch (error) {
    if (!isErrorOf(quoteParcel, error)) throw error
    switch (error.code) {
      case 'TooHeavy':
        return `no more than ${error.data.maxKg} kg`
      case 'UnknownCountry':
        return `only to ${error.data.served.join(', ')}`
    }
  }
}
