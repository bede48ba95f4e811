#include "identity/aws_policies.h"

#include <algorithm>
#include <map>
#include <string>

#include "identity/arn.h"
#include "identity/ids.h"
#include "identity/service_linked_roles.h"

namespace escapement::identity {
namespace {

// `actions` are separated by blanks and allowed on everything; `more` is further statements as JSON text.
struct Source {
  std::string_view name;
  std::string_view path;
  std::string_view actions;
  std::string_view more = {};
};

constexpr std::string_view kServiceRole = "/service-role/";
constexpr std::string_view kLogWriting = "logs:CreateLogGroup logs:CreateLogStream logs:PutLogEvents";

constexpr Source kSources[] = {
    {"AdministratorAccess", "/", "*"},
    {"PowerUserAccess", "/",
     "account:GetAccountInformation account:ListRegions iam:CreateServiceLinkedRole iam:DeleteServiceLinkedRole "
     "iam:ListRoles "
     "organizations:DescribeOrganization",
     R"({"Effect":"Allow","NotAction":["iam:*","organizations:*","account:*"],"Resource":"*"})"},
    {"ReadOnlyAccess", "/",
     "dynamodb:BatchGet* dynamodb:Describe* dynamodb:Get* dynamodb:List* dynamodb:PartiQLSelect dynamodb:Query "
     "dynamodb:Scan "
     "escapement:Describe* escapement:Get* escapement:List* events:Describe* events:List* iam:Generate* iam:Get* "
     "iam:List* iam:Simulate* "
     "lambda:Get* lambda:List* logs:Describe* logs:FilterLogEvents logs:Get* logs:List* logs:StartQuery logs:StopQuery "
     "logs:TestMetricFilter "
     "s3:Get* s3:List* scheduler:Get* scheduler:List* sns:Get* sns:List* sqs:Get* sqs:List* states:Describe* "
     "states:Get* states:List* "
     "states:ValidateStateMachineDefinition sts:GetAccessKeyInfo sts:GetCallerIdentity"},
    {"ViewOnlyAccess", "/job-function/",
     "dynamodb:DescribeTable dynamodb:ListTables iam:Get* iam:List* lambda:ListFunctions logs:DescribeLogGroups "
     "logs:DescribeLogStreams "
     "s3:ListAllMyBuckets scheduler:List* sns:List* sqs:ListQueues states:ListActivities states:ListStateMachines"},
    {"SecurityAudit", "/",
     "dynamodb:Describe* dynamodb:List* iam:GenerateCredentialReport iam:Get* iam:List* iam:Simulate* "
     "lambda:GetAccountSettings "
     "lambda:GetFunctionConfiguration lambda:GetPolicy lambda:List* logs:Describe* logs:ListTagsLogGroup s3:GetBucket* "
     "scheduler:List* "
     "sns:GetTopicAttributes sns:List* sqs:GetQueueAttributes sqs:ListQueues states:Describe* states:List*"},

    {"AWSStepFunctionsFullAccess", "/", "states:*"},
    {"AWSStepFunctionsConsoleFullAccess", "/", "states:* iam:ListRoles lambda:ListFunctions",
     R"({"Effect":"Allow","Action":"iam:PassRole","Resource":"arn:aws:iam::*:role/service-role/StatesExecutionRole*"})"},
    {"AWSStepFunctionsReadOnlyAccess", "/",
     "states:Describe* states:GetExecutionHistory states:List* states:ValidateStateMachineDefinition"},

    {"AWSLambda_FullAccess", "/",
     "lambda:* logs:DescribeLogGroups logs:DescribeLogStreams logs:FilterLogEvents logs:GetLogEvents "
     "states:DescribeStateMachine "
     "states:ListStateMachines iam:GetPolicy iam:GetPolicyVersion iam:GetRole iam:GetRolePolicy "
     "iam:ListAttachedRolePolicies "
     "iam:ListRolePolicies iam:ListRoles cloudwatch:GetMetricData cloudwatch:ListMetrics kms:DescribeKey "
     "kms:ListAliases tag:GetResources",
     R"({"Effect":"Allow","Action":"iam:PassRole","Resource":"*","Condition":{"StringEquals":{"iam:PassedToService":"lambda.amazonaws.com"}}})"},
    {"AWSLambda_ReadOnlyAccess", "/",
     "lambda:Get* lambda:List* logs:DescribeLogGroups logs:DescribeLogStreams logs:FilterLogEvents logs:GetLogEvents "
     "states:DescribeStateMachine "
     "states:ListStateMachines iam:GetPolicy iam:GetPolicyVersion iam:GetRole iam:GetRolePolicy "
     "iam:ListAttachedRolePolicies "
     "iam:ListRolePolicies iam:ListRoles cloudwatch:GetMetricData cloudwatch:ListMetrics"},
    {"AWSLambdaRole", kServiceRole, "lambda:InvokeFunction"},
    {"AWSLambdaBasicExecutionRole", kServiceRole, kLogWriting},
    {"AWSLambdaVPCAccessExecutionRole", kServiceRole,
     "logs:CreateLogGroup logs:CreateLogStream logs:PutLogEvents ec2:CreateNetworkInterface "
     "ec2:DescribeNetworkInterfaces "
     "ec2:DescribeSubnets ec2:DeleteNetworkInterface ec2:AssignPrivateIpAddresses ec2:UnassignPrivateIpAddresses"},
    {"AWSLambdaENIManagementAccess", kServiceRole,
     "ec2:CreateNetworkInterface ec2:DescribeNetworkInterfaces ec2:DeleteNetworkInterface ec2:AssignPrivateIpAddresses "
     "ec2:UnassignPrivateIpAddresses"},
    {"AWSLambdaDynamoDBExecutionRole", kServiceRole,
     "dynamodb:DescribeStream dynamodb:GetRecords dynamodb:GetShardIterator dynamodb:ListStreams logs:CreateLogGroup "
     "logs:CreateLogStream "
     "logs:PutLogEvents"},
    {"AWSLambdaSQSQueueExecutionRole", kServiceRole,
     "sqs:ReceiveMessage sqs:DeleteMessage sqs:GetQueueAttributes logs:CreateLogGroup logs:CreateLogStream "
     "logs:PutLogEvents"},
    {"AWSLambdaKinesisExecutionRole", kServiceRole,
     "kinesis:DescribeStream kinesis:DescribeStreamSummary kinesis:GetRecords kinesis:GetShardIterator "
     "kinesis:ListShards "
     "kinesis:ListStreams kinesis:SubscribeToShard logs:CreateLogGroup logs:CreateLogStream logs:PutLogEvents"},
    {"AWSLambdaMSKExecutionRole", kServiceRole,
     "kafka:DescribeCluster kafka:DescribeClusterV2 kafka:GetBootstrapBrokers ec2:CreateNetworkInterface "
     "ec2:DescribeNetworkInterfaces "
     "ec2:DescribeVpcs ec2:DeleteNetworkInterface ec2:DescribeSubnets ec2:DescribeSecurityGroups logs:CreateLogGroup "
     "logs:CreateLogStream "
     "logs:PutLogEvents"},
    {"AWSLambdaExecute", "/", "",
     R"({"Effect":"Allow","Action":["logs:*"],"Resource":"arn:aws:logs:*:*:*"},{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],"Resource":"arn:aws:s3:::*"})"},
    {"AWSLambdaInvocation-DynamoDB", "/",
     "lambda:InvokeFunction dynamodb:DescribeStream dynamodb:GetRecords dynamodb:GetShardIterator "
     "dynamodb:ListStreams"},
    {"AWSCodeDeployRoleForLambda", kServiceRole,
     "cloudwatch:DescribeAlarms lambda:UpdateAlias lambda:GetAlias lambda:GetProvisionedConcurrencyConfig sns:Publish"},
    {"CloudWatchLambdaInsightsExecutionRolePolicy", "/", "logs:CreateLogGroup",
     R"({"Effect":"Allow","Action":["logs:CreateLogStream","logs:PutLogEvents"],"Resource":"arn:aws:logs:*:*:log-group:/aws/lambda-insights:*"})"},
    {"AWSXRayDaemonWriteAccess", "/",
     "xray:PutTraceSegments xray:PutTelemetryRecords xray:GetSamplingRules xray:GetSamplingTargets "
     "xray:GetSamplingStatisticSummaries"},
    {"AWSXrayFullAccess", "/", "xray:*"},

    {"AmazonEventBridgeFullAccess", "/", "events:* schemas:* scheduler:* pipes:*",
     R"({"Effect":"Allow","Action":"iam:PassRole","Resource":"arn:aws:iam::*:role/*","Condition":{"StringLike":{"iam:PassedToService":["events.amazonaws.com","scheduler.amazonaws.com","pipes.amazonaws.com"]}}})"},
    {"AmazonEventBridgeSchedulerFullAccess", "/", "scheduler:*",
     R"({"Effect":"Allow","Action":"iam:PassRole","Resource":"arn:aws:iam::*:role/*","Condition":{"StringLike":{"iam:PassedToService":"scheduler.amazonaws.com"}}})"},
    {"AmazonEventBridgeSchedulerReadOnlyAccess", "/", "scheduler:List* scheduler:Get*"},
    {"CloudWatchEventsFullAccess", "/", "events:* schemas:* scheduler:* pipes:*"},

    {"AmazonDynamoDBFullAccess", "/",
     "dynamodb:* dax:* cloudwatch:DescribeAlarms cloudwatch:GetMetricData cloudwatch:GetMetricStatistics "
     "cloudwatch:ListMetrics iam:GetRole "
     "iam:ListRoles kms:DescribeKey kms:ListAliases lambda:CreateEventSourceMapping lambda:CreateFunction "
     "lambda:DeleteEventSourceMapping "
     "lambda:DeleteFunction lambda:GetFunctionConfiguration lambda:ListEventSourceMappings lambda:ListFunctions"},
    {"AmazonDynamoDBFullAccess_v2", "/",
     "dynamodb:* dax:* kms:DescribeKey kms:ListAliases lambda:ListEventSourceMappings"},
    {"AmazonDynamoDBReadOnlyAccess", "/",
     "dynamodb:BatchGetItem dynamodb:Describe* dynamodb:List* dynamodb:GetAbacStatus dynamodb:GetItem "
     "dynamodb:GetResourcePolicy "
     "dynamodb:Query dynamodb:Scan dynamodb:PartiQLSelect dax:Describe* dax:List* dax:GetItem dax:BatchGetItem "
     "dax:Query dax:Scan"},

    {"CloudWatchLogsFullAccess", "/", "logs:*"},
    {"CloudWatchLogsReadOnlyAccess", "/",
     "logs:Describe* logs:Get* logs:List* logs:StartQuery logs:StopQuery logs:TestMetricFilter logs:FilterLogEvents "
     "logs:StartLiveTail "
     "logs:StopLiveTail"},
    {"CloudWatchFullAccess", "/",
     "autoscaling:Describe* cloudwatch:* logs:* sns:* iam:GetPolicy iam:GetPolicyVersion iam:GetRole"},
    {"CloudWatchReadOnlyAccess", "/",
     "cloudwatch:BatchGet* cloudwatch:Describe* cloudwatch:Get* cloudwatch:List* logs:Describe* logs:Get* logs:List* "
     "logs:StartQuery "
     "logs:StopQuery logs:TestMetricFilter logs:FilterLogEvents sns:Get* sns:List*"},
    {"CloudWatchAgentServerPolicy", "/",
     "cloudwatch:PutMetricData ec2:DescribeVolumes ec2:DescribeTags logs:PutLogEvents logs:PutRetentionPolicy "
     "logs:DescribeLogStreams "
     "logs:DescribeLogGroups logs:CreateLogStream logs:CreateLogGroup"},
    {"AmazonAPIGatewayPushToCloudWatchLogs", kServiceRole,
     "logs:CreateLogGroup logs:CreateLogStream logs:DescribeLogGroups logs:DescribeLogStreams logs:PutLogEvents "
     "logs:GetLogEvents "
     "logs:FilterLogEvents"},
    {"AWSAppSyncPushToCloudWatchLogs", kServiceRole, kLogWriting},

    {"IAMFullAccess", "/",
     "iam:* organizations:DescribeAccount organizations:DescribeOrganization organizations:List*"},
    {"IAMReadOnlyAccess", "/",
     "iam:GenerateCredentialReport iam:GenerateServiceLastAccessedDetails iam:Get* iam:List* iam:SimulateCustomPolicy "
     "iam:SimulatePrincipalPolicy"},
    {"IAMUserChangePassword", "/", "iam:GetAccountPasswordPolicy",
     R"({"Effect":"Allow","Action":["iam:ChangePassword"],"Resource":["arn:aws:iam::*:user/${aws:username}","arn:aws:iam::*:user/*/${aws:username}"]})"},
    {"IAMSelfManageServiceSpecificCredentials", "/", "",
     R"({"Effect":"Allow","Action":["iam:CreateServiceSpecificCredential","iam:ListServiceSpecificCredentials","iam:UpdateServiceSpecificCredential","iam:DeleteServiceSpecificCredential","iam:ResetServiceSpecificCredential"],"Resource":"arn:aws:iam::*:user/${aws:username}"})"},

    {"AmazonS3FullAccess", "/", "s3:* s3-object-lambda:*"},
    {"AmazonS3ReadOnlyAccess", "/", "s3:Get* s3:List* s3:Describe* s3-object-lambda:Get* s3-object-lambda:List*"},
    {"AmazonS3ObjectLambdaExecutionRolePolicy", kServiceRole,
     "logs:CreateLogGroup logs:CreateLogStream logs:PutLogEvents s3-object-lambda:WriteGetObjectResponse"},
    {"AmazonSQSFullAccess", "/", "sqs:*"},
    {"AmazonSQSReadOnlyAccess", "/",
     "sqs:GetQueueAttributes sqs:GetQueueUrl sqs:ListDeadLetterSourceQueues sqs:ListQueues sqs:ListMessageMoveTasks "
     "sqs:ListQueueTags"},
    {"AmazonSNSFullAccess", "/", "sns:*"},
    {"AmazonSNSReadOnlyAccess", "/",
     "sns:GetTopicAttributes sns:List* sns:CheckIfPhoneNumberIsOptedOut sns:GetEndpointAttributes"},
    {"AmazonKinesisFullAccess", "/", "kinesis:*"},
    {"AmazonKinesisReadOnlyAccess", "/", "kinesis:Get* kinesis:List* kinesis:Describe*"},
    {"SecretsManagerReadWrite", "/",
     "secretsmanager:* kms:DescribeKey kms:ListAliases kms:ListKeys lambda:ListFunctions tag:GetResources"},
    {"AmazonSSMReadOnlyAccess", "/", "ssm:Describe* ssm:Get* ssm:List*"},
    {"AmazonSESFullAccess", "/", "ses:*"},
    {"AWSKeyManagementServicePowerUser", "/",
     "kms:CreateAlias kms:CreateKey kms:DeleteAlias kms:Describe* kms:GenerateRandom kms:Get* kms:List* "
     "kms:TagResource kms:UntagResource "
     "iam:ListGroups iam:ListRoles iam:ListUsers"},
    {"AmazonAPIGatewayAdministrator", "/", "",
     R"({"Effect":"Allow","Action":["apigateway:*"],"Resource":"arn:aws:apigateway:*::/*"})"},
    {"AmazonAPIGatewayInvokeFullAccess", "/", "",
     R"({"Effect":"Allow","Action":["execute-api:Invoke","execute-api:ManageConnections"],"Resource":"arn:aws:execute-api:*:*:*"})"},
    {"AmazonAthenaFullAccess", "/", "athena:* glue:Get* glue:BatchGet* s3:GetBucketLocation s3:ListAllMyBuckets"},
    {"AmazonEC2FullAccess", "/", "ec2:* elasticloadbalancing:* cloudwatch:* autoscaling:*"},
    {"AmazonEC2ReadOnlyAccess", "/",
     "ec2:Describe* ec2:GetSecurityGroupsForVpc elasticloadbalancing:Describe* autoscaling:Describe*"},
    {"AmazonECSTaskExecutionRolePolicy", kServiceRole,
     "ecr:GetAuthorizationToken ecr:BatchCheckLayerAvailability ecr:GetDownloadUrlForLayer ecr:BatchGetImage "
     "logs:CreateLogStream "
     "logs:PutLogEvents"},
    {"AWSBatchFullAccess", "/", "batch:* logs:Describe* logs:Get* iam:GetRole iam:ListRoles"},
    {"AWSCloudFormationFullAccess", "/", "cloudformation:*"},
};

std::string document_of(const Source& source) {
  std::string text = R"({"Version":"2012-10-17","Statement":[)";
  if (!source.actions.empty()) {
    text += R"({"Effect":"Allow","Action":[)";
    std::string_view rest = source.actions;
    while (!rest.empty()) {
      const auto blank = std::min(rest.find(' '), rest.size());
      text.append("\"").append(rest.substr(0, blank)).append("\",");
      rest.remove_prefix(std::min(blank + 1, rest.size()));
    }
    text.back() = ']';
    text += R"(,"Resource":"*"})";
    if (!source.more.empty()) text += ',';
  }
  text += source.more;
  text += "]}";
  return text;
}

ManagedPolicy make_policy(std::string_view name, std::string_view path, std::string document) {
  ManagedPolicy policy;
  policy.name = name;
  policy.path = path;
  policy.arn = "arn:aws:iam::aws:policy" + policy.path + policy.name;
  policy.id = derived_id(kPolicyPrefix, policy.arn);
  policy.created = policy.updated =
      base::Timestamp::from_seconds(1'423'247'986);  // when AWS's first managed policies came out
  policy.versions.push_back({"v1", std::move(document), policy.created});
  policy.default_version = "v1";
  policy.is_aws = true;
  return policy;
}

using Table = std::map<std::string, ManagedPolicy, std::less<>>;

const Table& policies() {
  static const Table table = [] {
    Table made;
    for (const Source& source : kSources)
      made.emplace(source.name, make_policy(source.name, source.path, document_of(source)));
    for (const ServiceLinkedRole& role : service_linked_roles()) {
      if (role.policy.empty()) continue;
      made.emplace(role.policy,
                   make_policy(role.policy, "/aws-service-role/", R"({"Version":"2012-10-17","Statement":[]})"));
    }
    return made;
  }();
  return table;
}

}  // namespace

std::optional<ManagedPolicy> find_aws_policy(std::string_view arn) {
  const auto parsed = parse_arn(arn);
  if (!parsed) return std::nullopt;
  const auto found = policies().find(resource_name(*parsed));
  if (found == policies().end() || found->second.arn != arn) return std::nullopt;
  return found->second;
}

void each_aws_policy(std::string_view after, const std::function<bool(const ManagedPolicy&)>& visit) {
  for (auto at = after.empty() ? policies().begin() : policies().upper_bound(after); at != policies().end(); ++at) {
    if (!visit(at->second)) return;
  }
}

}  // namespace escapement::identity
