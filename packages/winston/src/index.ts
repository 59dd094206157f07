export { type LogInfo, RabbitMQTransport, type RabbitMQTransportOptions } from './transport.js'
