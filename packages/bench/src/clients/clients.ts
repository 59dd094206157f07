import { amqplib } from './amqplib.js'
import type { Client } from './client.js'
import { cloudamqp } from './cloudamqp.js'
import { connectionManager } from './connection-manager.js'
import { leveret } from './leveret.js'
import { rabbitmqClient } from './rabbitmq-client.js'
import { rascal } from './rascal.js'

/** The two that do all of the work; the others are compared with the first. */
export const pair: readonly [Client, Client] = [amqplib, leveret]

/** Other clients, for the cases that are asked about first. */
export const peers: readonly Client[] = [connectionManager, rabbitmqClient, cloudamqp, rascal]
