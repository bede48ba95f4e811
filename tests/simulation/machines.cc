#include "machines.h"

namespace escapement::simulation {
namespace {

constexpr Machine kMachines[] = {
    {"wait-then-task", R"({"StartAt":"W5","States":{
        "W5":{"Type":"Wait","Seconds":5,"Next":"Task"},
        "Task":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","TimeoutSeconds":60,
                "Parameters":{"FunctionName":"a","Payload":{"execution.$":"$$.Execution.Id"}},"OutputPath":"$.Payload",
                "Retry":[{"ErrorEquals":["States.ALL"],"IntervalSeconds":2,"MaxAttempts":3,"BackoffRate":2,"JitterStrategy":"FULL"}],
                "Catch":[{"ErrorEquals":["States.ALL"],"Next":"Done"}],"Next":"Done"},
        "Done":{"Type":"Pass","End":true}}})"},
    {"two-waits", R"({"StartAt":"W1","States":{
        "W1":{"Type":"Wait","Seconds":1,"Next":"W9"},"W9":{"Type":"Wait","Seconds":9,"End":true}}})"},
    {"parallel", R"({"StartAt":"P","States":{"P":{"Type":"Parallel","End":true,
        "Retry":[{"ErrorEquals":["States.ALL"],"MaxAttempts":1}],"Branches":[
        {"StartAt":"Pause","States":{"Pause":{"Type":"Wait","Seconds":4,"End":true}}},
        {"StartAt":"T","States":{"T":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","TimeoutSeconds":30,
          "Parameters":{"FunctionName":"b","Payload":{"execution.$":"$$.Execution.Id"}},"OutputPath":"$.Payload","End":true}}}]}}})"},
    {"map", R"({"StartAt":"M","States":{"M":{"Type":"Map","ItemsPath":"$.items","MaxConcurrency":2,"End":true,
        "ItemProcessor":{"ProcessorConfig":{"Mode":"INLINE"},"StartAt":"T","States":{
          "T":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","TimeoutSeconds":20,
            "Parameters":{"FunctionName":"c","Payload":{"execution.$":"$$.Execution.Id"}},"OutputPath":"$.Payload","Next":"W1"},
          "W1":{"Type":"Wait","Seconds":1,"End":true}}}}}})"},
    {"deadline", R"({"StartAt":"T","TimeoutSeconds":15,"States":{
        "T":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","TimeoutSeconds":600,
          "Parameters":{"FunctionName":"d","Payload":{"execution.$":"$$.Execution.Id"}},"OutputPath":"$.Payload","End":true}}})"},
    {"activity", R"({"StartAt":"T","States":{
        "T":{"Type":"Task","Resource":"arn:aws:states:us-east-1:000000000000:activity:work","HeartbeatSeconds":7,"TimeoutSeconds":40,
          "Parameters":{"execution.$":"$$.Execution.Id"},
          "Retry":[{"ErrorEquals":["States.HeartbeatTimeout"],"IntervalSeconds":1,"MaxAttempts":50,"BackoffRate":1},
                   {"ErrorEquals":["States.ALL"],"IntervalSeconds":1,"MaxAttempts":1}],"Next":"W2"},
        "W2":{"Type":"Wait","Seconds":2,"End":true}}})"},
    {"callback", R"({"StartAt":"T","States":{
        "T":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke.waitForTaskToken","TimeoutSeconds":45,
          "Parameters":{"FunctionName":"e","Payload":{"execution.$":"$$.Execution.Id","token.$":"$$.Task.Token"}},
          "Retry":[{"ErrorEquals":["States.Timeout"],"IntervalSeconds":1,"MaxAttempts":2}],"End":true}}})"},
    {"child", R"({"StartAt":"W3","States":{"W3":{"Type":"Wait","Seconds":3,"Next":"T"},
        "T":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","TimeoutSeconds":30,
          "Parameters":{"FunctionName":"f","Payload":{"execution.$":"$$.Execution.Id"}},"OutputPath":"$.Payload","End":true}}})"},
    {"nested", R"({"StartAt":"N","States":{
        "N":{"Type":"Task","Resource":"arn:aws:states:::states:startExecution.sync:2","End":true,
          "Parameters":{"StateMachineArn":"arn:aws:states:us-east-1:000000000000:stateMachine:child","Input":{}}}}})"},
    {"patient", R"({"StartAt":"Long","States":{"Long":{"Type":"Wait","SecondsPath":"$.seconds","End":true}}})"},
    {"impatient", R"({"StartAt":"N","States":{
        "N":{"Type":"Task","Resource":"arn:aws:states:::states:startExecution.sync:2","TimeoutSeconds":5,"End":true,
          "Parameters":{"StateMachineArn":"arn:aws:states:us-east-1:000000000000:stateMachine:patient",
                        "Input":{"seconds":1000000}}}}})"},
    {"steady", R"({"StartAt":"T","States":{
        "T":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","End":true,
          "Parameters":{"FunctionName":"steady","Payload":{"execution.$":"$$.Execution.Id"}},"OutputPath":"$.Payload"}}})"},
    {"distributed", R"({"StartAt":"M","States":{"M":{"Type":"Map","ItemsPath":"$.items","MaxConcurrency":3,"End":true,
        "ToleratedFailurePercentage":50,
        "ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},"StartAt":"W2","States":{
          "W2":{"Type":"Wait","Seconds":2,"Next":"T"},
          "T":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","TimeoutSeconds":20,
            "Parameters":{"FunctionName":"g","Payload":{"execution.$":"$$.Execution.Id"}},"OutputPath":"$.Payload","End":true}}}}}})"},
    {"hasty", R"({"StartAt":"M","TimeoutSeconds":5,"States":{"M":{"Type":"Map","ItemsPath":"$.items","MaxConcurrency":2,
        "End":true,
        "ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},"StartAt":"Long","States":{
          "Long":{"Type":"Wait","Seconds":1000000,"End":true}}}}}})"},
    {"express",
     R"({"StartAt":"W1","States":{"W1":{"Type":"Wait","Seconds":1,"Next":"P"},"P":{"Type":"Pass","End":true}}})"},
};

}  // namespace

std::span<const Machine> machines() { return kMachines; }

}  // namespace escapement::simulation
