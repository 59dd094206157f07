// The old program, on @golevelup/nestjs-rabbitmq.
// Usage: legacy work | legacy answer | legacy send <orderId …> | legacy ask <orderId>
import 'reflect-metadata'
import { AmqpConnection, RabbitMQModule, RabbitRPC, RabbitSubscribe } from '@golevelup/nestjs-rabbitmq'
import { Injectable, Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'

interface Order {
  readonly orderId: number
  readonly cents: number
}

const [program = '', ...orderIds] = process.argv.slice(2)
const uri = process.env.RABBITMQ_URL ?? 'amqp://localhost'

@Injectable()
class Packing {
  @RabbitSubscribe({ exchange: 'shop', routingKey: 'order.*', queue: 'packing' })
  pack({ orderId }: Order): void {
    console.log(`packed ${orderId}`)
  }
}

@Injectable()
class Prices {
  // The queue's own name is a routing key too: leveret sends to the queue, and the module drops requests with other
  // keys.
  @RabbitRPC({ exchange: 'shop', routingKey: ['price', 'prices'], queue: 'prices' })
  price({ orderId }: Order): { cents: number } {
    return { cents: orderId * 100 }
  }
}

@Module({
  imports: [RabbitMQModule.forRoot({ uri, exchanges: [{ name: 'shop', type: 'topic' }], prefetchCount: 1 })],
  providers: program === 'work' ? [Packing] : program === 'answer' ? [Prices] : [],
})
class App {}

const app = await NestFactory.createApplicationContext(App, { logger: ['error'] })
const connection = app.get(AmqpConnection)
if (program === 'work' || program === 'answer') {
  app.enableShutdownHooks()
  console.log(program === 'work' ? 'packing' : 'answering')
} else {
  for (const orderId of orderIds.map(Number)) {
    if (program === 'send') await connection.publish('shop', 'order.placed', { orderId, cents: 1_250 })
    else console.log(await connection.request({ exchange: 'shop', routingKey: 'price', payload: { orderId } }))
  }
  await app.close()
}
