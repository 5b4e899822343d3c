// As fast as the server gives a shard's records: page after page, dropped unread.
import {
  DynamoDBStreamsClient,
  DescribeStreamCommand,
  GetShardIteratorCommand,
  ListStreamsCommand,
} from "@aws-sdk/client-dynamodb-streams";

/** @type {{ endpoint: string, table: string, records: number }} */
const { endpoint, table, records } = JSON.parse(process.argv[2] ?? "");

const client = new DynamoDBStreamsClient({ endpoint, region: "us-east-1" });
const { Streams = [] } = await client.send(new ListStreamsCommand({ TableName: table }));
const StreamArn = Streams[0]?.StreamArn;
const { StreamDescription } = await client.send(new DescribeStreamCommand({ StreamArn }));
const ShardId = StreamDescription?.Shards?.[0]?.ShardId;
const request = { StreamArn, ShardId, ShardIteratorType: /** @type {const} */ ("TRIM_HORIZON") };
let { ShardIterator: iterator } = await client.send(new GetShardIteratorCommand(request));
const startedMs = performance.now();
let seen = 0;
while (seen < records) {
  const answer = await fetch(endpoint, {
    method: "POST",
    headers: {
      "content-type": "application/x-amz-json-1.0",
      "x-amz-target": "DynamoDBStreams_20120810.GetRecords",
      authorization:
        "AWS4-HMAC-SHA256 Credential=sluicetest/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0",
    },
    body: JSON.stringify({ ShardIterator: iterator }),
  });
  const text = await answer.text();
  seen += text.split('"eventID"').length - 1;
  iterator = /"NextShardIterator":"(?<next>[^"]+)"/.exec(text)?.groups?.["next"];
}
const seconds = (performance.now() - startedMs) / 1000;
client.destroy();
console.log(JSON.stringify({ seconds }));
