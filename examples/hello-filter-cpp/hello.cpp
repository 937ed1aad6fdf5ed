// Looks for a word in the Subject and says hello: the smallest filter in C++. It uses no service of the host, so load has little to do.
#include <algorithm>
#include <cctype>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "postern/entry.h"

// One per settings; never changed after create_instance, so all loops may use it at once.
struct postern_instance {
    std::string greeting = "hello";
    bool adds_header = false;
};

namespace {

postern_bytes bytes(std::string_view text) { return {reinterpret_cast<const uint8_t *>(text.data()), text.size()}; }

// Lends the host's bytes, for as long as they live.
std::string_view view(postern_bytes b) { return {reinterpret_cast<const char *>(b.data), static_cast<size_t>(b.length)}; }

// No exception leaves the library: what `body` throws becomes `failed`.
template <class Result, class Body> Result guarded(Result failed, Body body) noexcept {
    try {
        return body();
    } catch (...) {
        return failed;
    }
}

bool same(char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b)); }

bool contains(std::string_view text, std::string_view word) {
    return std::search(text.begin(), text.end(), word.begin(), word.end(), same) != text.end();
}

// What stands behind `"key":`, or nothing. The host hands over one JSON object, checked against the manifest's schema, with sorted keys and
// no spaces; ours has flat, plain values, so a search will do. A filter with more than that brings a JSON parser.
std::optional<std::string_view> value(std::string_view json, const std::string &key) {
    const std::string name = "\"" + key + "\":";
    const auto at = json.find(name);
    if (at == json.npos) return std::nullopt;
    return json.substr(at + name.size());
}

bool is_good(std::string_view word) {
    const auto is_plain = [](char c) { return c > ' ' && c < 0x7f && c != '\\'; };
    return !word.empty() && word.size() <= 64 && std::all_of(word.begin(), word.end(), is_plain);
}

// The first Subject field's body, folded lines included.
std::optional<std::string_view> subject(std::string_view message) {
    constexpr std::string_view name = "subject:";
    while (!message.empty()) {
        size_t end = 0;
        do {
            const auto line_end = message.find('\n', end);
            end = line_end == message.npos ? message.size() : line_end + 1;
        } while (end < message.size() && (message[end] == ' ' || message[end] == '\t'));
        if (end <= 2) return std::nullopt; // the blank line: the body begins
        const auto field = message.substr(0, end);
        if (field.size() >= name.size() && std::equal(name.begin(), name.end(), field.begin(), same)) return field.substr(name.size());
        message.remove_prefix(end);
    }
    return std::nullopt;
}

postern_status create_instance(postern_module *, postern_bytes settings, postern_problems *problems, postern_instance **out) {
    return guarded(POSTERN_FAILED, [&] {
        auto self = std::make_unique<postern_instance>();
        if (const auto greeting = value(view(settings), "greeting")) {
            const auto word = greeting->substr(1, greeting->find('"', 1) - 1);
            if (greeting->front() != '"' || !is_good(word)) {
                problems->add(problems, bytes("/greeting"), bytes("must be one word of printable ASCII"));
                return POSTERN_FAILED;
            }
            self->greeting = word;
        }
        const auto adds = value(view(settings), "add_header");
        self->adds_header = adds && adds->substr(0, 4) == "true";
        *out = self.release();
        return POSTERN_OK;
    });
}

void destroy_instance(postern_instance *self) { delete self; }

// False: it could not.
bool judge(const postern_instance &self, const postern_call &call, postern_verdict_builder *out) {
    if (call.phase != POSTERN_PHASE_DATA || !call.message) return true;
    postern_bytes message{};
    if (call.host->view(&call, call.message->raw, &message) != POSTERN_OK) return false;
    const auto text = subject(view(message));
    if (!text || !contains(*text, self.greeting)) return true;
    postern_ref evidence = call.message->raw;
    evidence.offset += static_cast<uint64_t>(text->data() - view(message).data());
    evidence.length = text->size();
    const auto detail = "Subject has \"" + self.greeting + "\"";
    out->add_symbol(out, bytes("HELLO"), 1, bytes(detail), &evidence, nullptr);
    if (self.adds_header) out->add_header(out, bytes("X-Hello"), bytes(self.greeting), nullptr);
    return true;
}

// Never suspends, so START is all that comes, and the frame is not used.
postern_step on_phase(postern_instance *self, const postern_call *call, void **, postern_verdict_builder *out) {
    if (!guarded(false, [&] { return judge(*self, *call, out); })) out->fail(out, bytes("the message cannot be judged"));
    return POSTERN_DONE;
}

postern_plugin make_plugin() {
    postern_plugin plugin{};
    plugin.size = sizeof plugin;
    plugin.create_instance = create_instance;
    plugin.destroy_instance = destroy_instance;
    plugin.on_phase = on_phase;
    return plugin;
}

const postern_plugin plugin = make_plugin();

postern_entry make_entry() {
    postern_entry entry{};
    entry.size = sizeof entry;
    entry.abi_major = POSTERN_ABI_MAJOR;
    entry.abi_minor = POSTERN_ABI_MINOR;
    entry.id = "hello-cpp";
    entry.version = "1.0.0";
    entry.plugin = &plugin;
    return entry;
}

const postern_entry entry = make_entry();

} // namespace

const postern_entry *postern_plugin_entry(uint32_t host_abi_major) { return host_abi_major == POSTERN_ABI_MAJOR ? &entry : nullptr; }
