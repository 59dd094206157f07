export { RabbitMQTransport, type RabbitMQTransportOptions } from './transport.js'
