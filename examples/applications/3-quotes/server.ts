import { closeOnSignals, connect, ProcedureError, RpcServer } from 'leveret'
import { quoteParcel } from './procedure.js'

const DAYS: Readonly<Record<string, number>> = { de: 1, fr: 2, is: 6 }

const rabbit = await connect(process.env.RABBITMQ_URL ?? 'amqp://localhost')
closeOnSignals(rabbit)

const server = new RpcServer(rabbit, quoteParcel, ({ to, weightKg }) => {
  if (weightKg > 2_000) throw new ProcedureError(quoteParcel, 'TooHeavy', { maxKg: 2_000 })
  if (to === 'at') return { by: 'pickup', branch: 'Vienna' }
  const days = DAYS[to]
  if (days === undefined) throw new ProcedureError(quoteParcel, 'UnknownCountry', { served: Object.keys(DAYS) })
  if (weightKg > 30) return { by: 'freight', cents: 9_900, pallets: Math.ceil(weightKg / 500) }
  return { by: 'courier', cents: 400 + Math.round(weightKg * 100), days }
})
await server.start()
console.log('quoting')
