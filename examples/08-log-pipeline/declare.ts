import { connect, declare } from 'leveret'
import { logAlerts, logFile, logHistory } from './contracts.js'

// Run it when you deploy: what is logged before the first reader starts is kept too.
await using rabbit = await connect(process.env.RABBITMQ_URL ?? 'amqp://localhost')
await declare(rabbit, [logFile, logAlerts, logHistory])
console.log('declared')
