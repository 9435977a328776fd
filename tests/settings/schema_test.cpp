#include "settings/schema.hpp"

#include <cmath>
#include <map>
#include <set>

#include <gtest/gtest.h>

namespace lnn {

// converts to anything: as many of them as T takes is the number of its members
struct Anything {
    template <class T>
    operator T() const;
};

template <class T, class... Members>
constexpr std::size_t members() {
    if constexpr (requires { T{Members{}..., Anything{}}; })
        return members<T, Members..., Anything>();
    else
        return sizeof...(Members);
}

TEST(Schema, HasARowForEveryMember) {
    std::map<std::string, std::size_t> rows;
    for (const Key& key : schema()) ++rows[key.name.substr(0, key.name.rfind('.'))];
    EXPECT_EQ(rows["run"], members<Config::Run>());
    EXPECT_EQ(rows["system"], members<Config::System>() - 1);  // parameters: by the catalog
    EXPECT_EQ(rows["model"], members<Config::Model>());
    EXPECT_EQ(rows["data"], members<Config::Data>());
    EXPECT_EQ(rows["train"], members<Config::Train>() - 2);  // schedule, lm: sections of their own
    EXPECT_EQ(rows["train.schedule"], members<Config::Train::Schedule>());
    EXPECT_EQ(rows["train.lm"], members<Config::Train::Lm>());
    EXPECT_EQ(rows["solve"], members<Config::Solve>());
    EXPECT_EQ(rows["eval"], members<Config::Eval>());
    EXPECT_EQ(rows.size(), members<Config>() + 2);
}

TEST(Schema, NamesAndVariablesAreUnique) {
    std::set<std::string> names, variables;
    for (const std::string& name : key_names()) {
        EXPECT_TRUE(names.insert(name).second) << name;
        EXPECT_TRUE(variables.insert(environment_name(name)).second) << name;
    }
    EXPECT_TRUE(names.contains("system.m"));
    EXPECT_EQ(environment_name("train.schedule.kind"), "LNN_GPU_TRAIN_SCHEDULE_KIND");
}

TEST(Schema, EveryKeyIsDocumentedOnOneLine) {
    for (const Key& key : schema()) {
        EXPECT_GT(key.doc.size(), 8u) << key.name;
        EXPECT_EQ(key.doc.find('\n'), key.doc.npos) << key.name;
        for (const Word& word : key.rule.words) EXPECT_FALSE(word.meaning.empty()) << key.name << ' ' << word.name;
    }
}

// nor may a slip of a key be a job for ever
TEST(Schema, EveryIntegerHasBounds) {
    for (const Key& key : schema()) {
        if (!key.is_integer()) continue;
        EXPECT_TRUE(std::isfinite(key.rule.low) && std::isfinite(key.rule.high)) << key.name;
    }
}

TEST(Schema, DefaultsKeepTheRules) {
    for (const Key& key : schema()) EXPECT_EQ(violation(key, Config{}), "");
}

TEST(Schema, SaysWhatIsExpected) {
    EXPECT_EQ(find_key("train.schedule.kind")->expected(), "one of \"step\", \"cosine\"");
    EXPECT_EQ(find_key("train.lr")->expected(), "a finite number above 0");
    EXPECT_EQ(find_key("train.ema")->expected(), "a finite number from 0 to below 1");
    EXPECT_EQ(find_key("model.hidden")->expected(), "a list of 1 to 8 integers from 1 to 4096");
    EXPECT_EQ(find_key("data.angle")->expected(), "a list of 2 finite numbers");
    EXPECT_EQ(find_key("train.momentum"), nullptr);
}

TEST(Schema, DifferencesAreNamed) {
    Config a, b;
    EXPECT_TRUE(differences(a, b).empty());
    b.train.schedule.gamma = 0.25;
    b.model.hidden.push_back(1);
    a.system.parameters["m"] = {1, 2};
    b.system.parameters["m"] = {1, 3};
    b.system.parameters["g"] = {9.8};
    const std::vector<std::string> expected = {"model.hidden", "train.schedule.gamma", "system.m", "system.g"};
    EXPECT_EQ(differences(a, b), expected);
}

}  // namespace lnn
