// The old program, on @nestjs/microservices.
// Usage: legacy work | legacy answer | legacy send <orderId …> | legacy ask <orderId>
import 'reflect-metadata'
import { Controller, Logger, Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import {
  ClientProxyFactory,
  EventPattern,
  MessagePattern,
  type MicroserviceOptions,
  type RmqOptions,
  Transport,
} from '@nestjs/microservices'
import { firstValueFrom, lastValueFrom } from 'rxjs'

interface Order {
  readonly orderId: number
  readonly cents: number
}

Logger.overrideLogger(false)
const [program = '', ...orderIds] = process.argv.slice(2)

/** Options that lead to one queue: that of the events, or that of the requests. */
function on(queue: string): RmqOptions {
  const urls = [process.env.RABBITMQ_URL ?? 'amqp://localhost']
  return { transport: Transport.RMQ, options: { urls, queue, queueOptions: { durable: true } } }
}

@Controller()
class Orders {
  @EventPattern('order_placed')
  placed({ orderId }: Order): void {
    console.log(`packed ${orderId}`)
  }

  @MessagePattern('get_price')
  price({ orderId }: Order): { cents: number } {
    if (orderId === 13) throw new Error('there is no such order')
    return { cents: orderId * 100 }
  }
}

@Module({ controllers: [Orders] })
class App {}

if (program === 'work' || program === 'answer') {
  const queue = program === 'work' ? 'orders' : 'prices'
  const app = await NestFactory.createMicroservice<MicroserviceOptions>(App, on(queue))
  app.enableShutdownHooks()
  await app.listen()
  console.log(program === 'work' ? 'packing' : 'answering')
} else {
  const client = ClientProxyFactory.create(on(program === 'send' ? 'orders' : 'prices'))
  for (const orderId of orderIds.map(Number)) {
    if (program === 'send')
      await lastValueFrom(client.emit('order_placed', { orderId, cents: 1_250 }), { defaultValue: undefined })
    else console.log(await firstValueFrom(client.send('get_price', { orderId })))
  }
  await client.close()
}
