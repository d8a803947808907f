import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";

const answer = await new STSClient({}).send(new GetCallerIdentityCommand({}));
console.log(answer.Arn);
